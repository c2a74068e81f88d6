#include "os/backoff.h"

#include <algorithm>
#include <random>
#include <thread>

namespace refgate {

bool Backoff::pause(Clock::time_point deadline) {
  thread_local std::minstd_rand random{std::random_device{}()};
  // At least a tenth, so that a row of unlucky draws does not turn into a busy loop.
  std::uniform_int_distribution<long> draw(std::max<long>(ceiling_.count() / 10, 1),
                                           std::max<long>(ceiling_.count(), 1));
  const std::chrono::milliseconds span(draw(random));
  ceiling_ = std::min(ceiling_ * 2, longest_);
  if (Clock::now() + span >= deadline) return false;
  std::this_thread::sleep_for(span);
  return true;
}

}  // namespace refgate
