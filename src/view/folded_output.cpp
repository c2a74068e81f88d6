#include "view/folded_output.h"

#include <algorithm>

#include "core/words/wrap.h"

namespace refgate {

FoldedOutput::int_type FoldedOutput::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof()))
    return traits_type::not_eof(character);
  const char one = traits_type::to_char_type(character);
  return xsputn(&one, 1) == 1 ? character : traits_type::eof();
}

std::streamsize FoldedOutput::xsputn(const char* text, std::streamsize size) {
  for (std::streamsize i = 0; i < size; ++i) {
    if (text[i] == '\n')
      tell_line("\n");
    else
      line_ += text[i];
  }
  return to_ ? size : 0;
}

int FoldedOutput::sync() {
  // Part of a line is part of a word perhaps: the rest of it comes.
  return to_.flush() ? 0 : -1;
}

void FoldedOutput::tell_line(const char* end) {
  const std::size_t begun = std::min(line_.find_first_not_of(' '), line_.size());
  to_ << wrapped(line_, width_, begun + 2) << end;
  line_.clear();
}

}  // namespace refgate
