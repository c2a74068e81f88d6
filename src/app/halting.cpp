#include "app/halting.h"

#include <algorithm>
#include <csignal>

namespace refgate {

using namespace std::chrono_literals;

std::vector<Halting::Step> Halting::for_cancel(int signal) { return {{signal, 0ms}, {SIGTERM, 2500ms}, {SIGKILL, 1500ms}}; }

std::vector<Halting::Step> Halting::for_loss(Duration kill_after) { return {{SIGTERM, 0ms}, {SIGKILL, kill_after}}; }

void Halting::begin(std::vector<Step> steps, BootTime now) {
  begun_ = true;
  steps_ = std::move(steps);
  due_ = now + (steps_.empty() ? 0ms : steps_.front().after);
}

void Halting::advance(BootTime now, const std::vector<ChildGroup*>& groups) {
  while (!steps_.empty() && now >= due_) {
    for (const ChildGroup* group : groups) group->signal(steps_.front().signal);
    // What was stopped must go on to be able to end.
    if (steps_.front().signal != SIGKILL)
      for (const ChildGroup* group : groups) group->signal(SIGCONT);
    steps_.erase(steps_.begin());
    if (!steps_.empty()) due_ = now + steps_.front().after;
  }
}

Duration Halting::next_in(BootTime now) const { return steps_.empty() ? Duration(1min) : std::max<Duration>(due_ - now, 0ms); }

}  // namespace refgate
