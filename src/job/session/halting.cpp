#include "job/session/halting.h"

#include <algorithm>
#include <csignal>

#include "os/process/marked_processes.h"

namespace refgate {

using namespace std::chrono_literals;

std::vector<Halting::Step> Halting::for_cancel(int signal) {
  return {{signal, 0ms}, {SIGTERM, 2500ms}, {SIGKILL, 1500ms}};
}

std::vector<Halting::Step> Halting::for_loss(Duration kill_after) {
  return {{SIGTERM, 0ms}, {SIGKILL, kill_after}};
}

void Halting::begin(std::vector<Step> steps, BootTime now) {
  begun_ = true;
  steps_ = std::move(steps);
  due_ = now + (steps_.empty() ? 0ms : steps_.front().after);
}

void Halting::advance(BootTime now, const std::vector<ChildGroup*>& groups,
                      const std::string& mark) {
  while (!steps_.empty() && now >= due_) {
    const int number = steps_.front().signal;
    // Once to each: a program may take a second SIGINT for an order to give up at once.
    const std::set<pid_t> told = signal_marked(mark, number);
    for (const ChildGroup* group : groups)
      if (number == SIGKILL || !told.contains(group->id())) group->signal(number);
    // What was stopped must go on to be able to end.
    if (number != SIGKILL)
      for (const ChildGroup* group : groups)
        group->signal(SIGCONT);
    steps_.erase(steps_.begin());
    if (!steps_.empty()) due_ = now + steps_.front().after;
  }
}

Duration Halting::next_in(BootTime now) const {
  return steps_.empty() ? Duration(1min) : std::max<Duration>(due_ - now, 0ms);
}

}  // namespace refgate
