#include "store/remote/retry.h"

#include <thread>

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr int tries_without_deadline = 4;
constexpr int moved_tries = 4;  // refs that vanish between the two requests of a read

}  // namespace

StoreError describe_failure(const Failed& failed, int tries, const std::string& not_done) {
  std::string tried;
  if (failed.again)
    tried = tries > 1 ? "; it was tried " + std::to_string(tries) + " times"
                      : "; it was not tried again";
  StoreError error(failed.failure, failed.text + tried + "; " + not_done, failed.hint,
                   failed.http_status);
  if (not_done == not_known) error.set_may_be_done();
  if (failed.not_before) error.set_not_before(*failed.not_before);
  return error;
}

bool Patience::before_next(const Failed& failed, int tries) {
  if (failed.moved && tries >= moved_tries) return false;
  if (!failed.again && !failed.moved) return false;
  if (failed.at_once) return SteadyTime::clock::now() < deadline_;
  if (failed.not_before) {
    // Those who were sent away together are not to come back together.
    const auto jitter = Backoff::part_of(500ms);
    if (*failed.not_before + jitter >= deadline_) return false;
    std::this_thread::sleep_until(*failed.not_before + jitter);
  }
  return before_next(tries);
}

bool Patience::before_next(int tries) {
  const bool bounded = deadline_ != SteadyTime::max();
  return (bounded || tries < tries_without_deadline) && backoff_.pause(deadline_);
}

}  // namespace refgate
