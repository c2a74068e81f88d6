#pragma once
// What the standard output can show.

#include <cstddef>

#include "call/invocation.h"

namespace refgate {

struct Screen {
  std::size_t width = 0;  ///< columns of the terminal; 0: none, so that nothing is cut
  bool colour = false;
  bool links = false;  ///< OSC 8
};

/// COLUMNS wins over what the terminal says, where there is one. Colour: what `color` says
/// ("always", "never"); else on a terminal that is not dumb, unless NO_COLOR is set
/// (https://no-color.org); FORCE_COLOR asks for it anywhere. Links: on a terminal with colour only,
/// so that who wants no escape codes gets none.
Screen screen_of(const Environment& environment, std::string_view color = "auto");

/// As `--color` of the call says.
Screen screen_of(const Invocation& call);

/// A word about how something stands, or a heading, in its colour where there is one.
std::string painted(const Screen& screen, const std::string& text, std::string_view word);

}  // namespace refgate
