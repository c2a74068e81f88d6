#pragma once
// The signals that end a process, while something has to be given back first.

#include "core/text/time.h"

namespace refgate {

/// While it lives, SIGTERM, SIGINT, SIGHUP and SIGQUIT are noted instead of ending the process;
/// then the former ways are back. One at a time.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  /// The first signal that came; 0: none.
  int signal() const;

  /// False when a signal came before or meanwhile.
  bool sleep(Duration span) const;
};

}  // namespace refgate
