#pragma once
// What the standard output can show.

#include <cstddef>

#include "runner/environment.h"

namespace refgate {

struct Screen {
  std::size_t width = 0;  ///< columns of the terminal; 0: none, so that nothing is cut
  bool colour = false;
};

/// COLUMNS wins over what the terminal says, where there is one. Colour: on a terminal that is not
/// dumb, unless NO_COLOR is set (https://no-color.org); FORCE_COLOR asks for it anywhere.
Screen screen_of(const Environment& environment);

}  // namespace refgate
