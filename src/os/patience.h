#pragma once
// How long to wait between two looks at what others have to change.

#include <cstddef>

#include "core/text/time.h"

namespace refgate {

/// Half a second a place in line at first, at least one second, then longer and longer while
/// nothing changes, up to 15 s; a fifth of it by chance.
class Patience {
 public:
  /// `place` 1: nobody is in between.
  Duration next(std::size_t place);
  /// Something has changed.
  void again() { tries_ = 0; }

 private:
  int tries_ = 0;
};

/// Anything from nothing to `longest`.
Duration random_part(Duration longest);

}  // namespace refgate
