#pragma once
// Which characters of a stranger's text would not be seen as what they are.

#include <cstddef>
#include <string>
#include <string_view>

namespace refgate {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  ///< 0: what stands there is no valid UTF-8
};

/// The character that a text, which must not be empty, begins with.
Character first_character(std::string_view text);

/// C0, DEL and C1: what terminals obey.
bool is_control(char32_t code);

/// What is invisible, breaks a line unseen or reorders what stands around it: bidirectional
/// controls, line and paragraph separators, zero-width characters and fillers, variation selectors
/// but the two that choose between text and picture, tags, annotations (Unicode's "Bidi_Control",
/// "Default_Ignorable_Code_Point", and the categories Zl and Zp).
bool is_deceptive(char32_t code);

/// What .NET's String.TrimStart passes over, as a runner does before it looks for a command.
bool is_blank(char32_t code);

/// Valid UTF-8 of one line in which each control or deceptive character is replaced by
/// `instead`, and each byte that is no UTF-8 by U+FFFD.
std::string visible_line(std::string_view text, char instead);

}  // namespace refgate
