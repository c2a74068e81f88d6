#pragma once
// Command lines that a program in Python or JavaScript starts, in a text that may be one.

#include <functional>
#include <string_view>

namespace refgate::lint {

/// Hands over each command line that the program starts, as a shell would write it, until one is
/// taken. Comments are passed over; a name is followed to what it was given.
void find_called_line(std::string_view program,
                      const std::function<bool(std::string_view line)>& take);

}  // namespace refgate::lint
