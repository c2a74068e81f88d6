#pragma once
// Pauses between tries: doubling, with full jitter, so that those who lost together do not come
// back together.

#include <chrono>

namespace refgate {

class Backoff {
 public:
  using Clock = std::chrono::steady_clock;

  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
      : ceiling_(first), longest_(longest) {}

  /// Sleeps a random part of the current ceiling and doubles it. False, without sleeping, when the
  /// deadline would pass meanwhile.
  bool pause(Clock::time_point deadline);

  /// A random part of a span, at least a tenth of it.
  static std::chrono::milliseconds part_of(std::chrono::milliseconds span);

 private:
  std::chrono::milliseconds ceiling_;
  std::chrono::milliseconds longest_;
};

}  // namespace refgate
