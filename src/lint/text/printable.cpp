#include "lint/text/printable.h"

#include <algorithm>

#include "core/words/visible.h"

namespace refgate::lint {

std::string printable(std::string_view text) {
  std::string shown;
  bool only_blanks = true;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.code == U'\t')
      shown += ' ';
    else if (character.bytes == 0 || is_control(character.code) || is_deceptive(character.code))
      shown += '?';
    else if (character.code == U'[' && shown.ends_with("##"))
      shown += '?';  // a runner takes "##[command]" for one, wherever it stands in a line
    else if (character.code == U':' && only_blanks && (text.starts_with("::") || text == ":"))
      shown += '?';  // and "::command::" at its beginning, behind blanks too
    else
      shown += text.substr(0, character.bytes);
    only_blanks = only_blanks && is_blank(character.code);
    text.remove_prefix(std::max<std::size_t>(character.bytes, 1));
  }
  return shown;
}

std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u;
  }));
}

}  // namespace refgate::lint
