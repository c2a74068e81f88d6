#include "os/backoff.h"

#include <algorithm>
#include <random>
#include <thread>

namespace refgate {

std::chrono::milliseconds Backoff::part_of(std::chrono::milliseconds span) {
  thread_local std::minstd_rand random{std::random_device{}()};
  // At least a tenth, so that a row of unlucky draws does not turn into a busy loop.
  std::uniform_int_distribution<long> draw(std::max<long>(span.count() / 10, 1),
                                           std::max<long>(span.count(), 1));
  return std::chrono::milliseconds(draw(random));
}

bool Backoff::pause(Clock::time_point deadline) {
  const auto span = part_of(ceiling_);
  ceiling_ = std::min(ceiling_ * 2, longest_);
  if (Clock::now() + span >= deadline) return false;
  std::this_thread::sleep_for(span);
  return true;
}

}  // namespace refgate
