#pragma once
// A word of a command that is told to people, who paste it.

#include <string>
#include <string_view>

namespace refgate {

/// As it is, or in single quotes where a shell would read it in another way.
std::string shell_word(std::string_view text);

}  // namespace refgate
