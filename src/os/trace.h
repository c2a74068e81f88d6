#pragma once
// What a person turns on to understand an answer: one line each for what was asked, read, decided
// and written. Nobody listens by default, and then no line is put together.

#include <functional>
#include <string>
#include <string_view>

namespace refgate {

/// Who takes the lines from now on, from whichever thread they come; an empty one ends that.
void trace_to(std::function<void(std::string_view)> sink);

bool is_traced();
void tell_trace(std::string_view line);

/// `line` makes the text, and is called only when somebody listens.
template <class Line>
void trace(const Line& line) {
  if (is_traced()) tell_trace(line());
}

}  // namespace refgate
