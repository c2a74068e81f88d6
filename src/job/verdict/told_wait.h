#pragma once
// When who waits says so again: a log that stands still looks hung.

#include <chrono>
#include <optional>
#include <string>

#include "core/text/time.h"

namespace refgate {

class ToldWait {
 public:
  using Clock = std::chrono::steady_clock;

  /// True when what is waited for is another than was told last, or when that is five minutes ago;
  /// then it counts as told now.
  bool is_due(const std::string& what, Clock::time_point at) {
    if (told_ && what == what_ && at < *told_ + between) return false;
    what_ = what;
    told_ = at;
    return true;
  }

  bool anything() const { return told_.has_value(); }

 private:
  static constexpr Duration between = std::chrono::minutes(5);
  std::string what_;
  std::optional<Clock::time_point> told_;
};

/// "; waits until 2026-03-01T12:00:00Z at most"
inline std::string waits_until(ToldWait::Clock::time_point until, Instant now) {
  const auto left = std::chrono::duration_cast<Duration>(until - ToldWait::Clock::now());
  return "; waits until " + format_second(now + left) + " at most";
}

}  // namespace refgate
