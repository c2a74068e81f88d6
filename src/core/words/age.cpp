#include "core/words/age.h"

namespace refgate {

std::string in_seconds(Duration span) {
  return format_duration(std::chrono::floor<std::chrono::seconds>(span));
}

std::string age(Instant then, Instant now) {
  using namespace std::chrono_literals;
  if (then > now + 1s) return "by a clock that is " + in_seconds(then - now) + " ahead";
  return now - then < 1s ? "just now" : in_seconds(now - then) + " ago";
}

}  // namespace refgate
