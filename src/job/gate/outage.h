#pragma once
// A wait whose looks are not answered: for how long to leave the server alone, and when the wait is
// over because of it.

#include <algorithm>
#include <chrono>
#include <optional>

#include "os/patience.h"
#include "store/store.h"

namespace refgate {

/// Nothing once `end` has come.
inline Duration left_until(std::chrono::steady_clock::time_point end) {
  return std::max(std::chrono::floor<Duration>(end - std::chrono::steady_clock::now()),
                  Duration(0));
}

class Outage {
 public:
  using Clock = std::chrono::steady_clock;

  void ends() {
    error_.reset();
    looks_ = 0;
  }

  /// One more look without an answer, which began at `asked`. Throws `error` when it is none that
  /// passes.
  void lasts(const StoreError& error, Clock::time_point asked) {
    if (error.failure() != StoreFailure::unreachable && !error.may_lag()) throw StoreError(error);
    if (!error_) began_ = asked;
    // A look that had less time than readers are behind says less than the one before it.
    if (!error_ || !error_->may_lag() || error.may_lag() || error.not_before()) error_ = error;
    ++looks_;
  }

  bool is() const { return error_.has_value(); }
  [[noreturn]] void throw_cause() const { throw StoreError(*error_); }
  int looks() const { return looks_; }
  /// When the first look without an answer began.
  Clock::time_point began() const { return began_; }

  /// True when no look can be answered before `end`: it has come, or the server asks to be left
  /// alone for longer.
  bool outlasts(Clock::time_point end) const {
    return is() && (Clock::now() >= end || error_->not_before().value_or(Clock::now()) >= end);
  }

  /// How long the next look may take: of one that follows an outage, no more than is left, since
  /// the wait would outlast its end by the whole of `longest`.
  Duration time_for_a_look(Clock::time_point end, Duration longest) const {
    return is() ? std::min(longest, std::max(left_until(end), last_look)) : longest;
  }

  /// Longer after each look, up to 15 s; not before the server wants to be asked again, and then
  /// not at the same moment as others.
  Duration pause() const {
    const Duration longest = std::min<Duration>(first * (1 << std::min(looks_, 8)), most);
    const Duration grown = longest / 2 + random_part(longest / 2);
    if (!is() || !error_->not_before()) return grown;
    const Duration asked = std::chrono::ceil<Duration>(*error_->not_before() - Clock::now());
    return std::max(asked + random_part(std::chrono::milliseconds(500)), grown);
  }

 private:
  static constexpr Duration last_look{2500};
  static constexpr Duration first{250};
  static constexpr Duration most = std::chrono::seconds(15);

  std::optional<StoreError> error_;
  int looks_ = 0;
  Clock::time_point began_{};
};

}  // namespace refgate
