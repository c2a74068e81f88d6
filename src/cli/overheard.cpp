#include "cli/overheard.h"

#include <algorithm>
#include <string_view>

#include "core/words/sentence.h"

namespace refgate {
namespace {

/// An annotation shows little more.
constexpr std::size_t most_kept = 1000;
constexpr std::string_view prefix = "refgate: ";

}  // namespace

Overheard::int_type Overheard::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof()))
    return traits_type::not_eof(character);
  const char one = traits_type::to_char_type(character);
  return xsputn(&one, 1) == 1 ? character : traits_type::eof();
}

std::streamsize Overheard::xsputn(const char* text, std::streamsize size) {
  for (std::streamsize i = 0; i < size; ++i)
    hear(text[i]);
  return to_.write(text, size) ? size : 0;
}

int Overheard::sync() { return to_.flush() ? 0 : -1; }

void Overheard::hear(char character) {
  if (character == '\n')
    take_line();
  else if (line_.size() < most_kept)
    line_ += character;
}

void Overheard::take_line() {
  std::string_view line = line_;
  if (line.starts_with("::error title=refgate")) told_error_ = true;
  if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (!line.empty() && !line.starts_with("::") && said_.size() + line.size() < most_kept) {
    if (!said_.empty()) said_ += said_.ends_with('.') ? " " : ". ";
    said_ += said_.empty() ? std::string(line) : capitalised(line);
  }
  line_.clear();
}

}  // namespace refgate
