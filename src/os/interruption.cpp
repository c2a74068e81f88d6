#include "os/interruption.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>

namespace refgate {
namespace {

constexpr std::array<int, 4> noted{SIGTERM, SIGINT, SIGHUP, SIGQUIT};

volatile std::sig_atomic_t first = 0;
std::array<struct sigaction, noted.size()> former{};

void note(int number) {
  if (first == 0) first = number;
}

}  // namespace

Interruption::Interruption() {
  first = 0;
  struct sigaction action {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < noted.size(); ++i) {
    ::sigaction(noted[i], nullptr, &former[i]);
    // Who had it ignored (nohup, a shell's background job) wants it so.
    if (former[i].sa_handler != SIG_IGN) ::sigaction(noted[i], &action, nullptr);
  }
}

Interruption::~Interruption() {
  for (std::size_t i = 0; i < noted.size(); ++i)
    ::sigaction(noted[i], &former[i], nullptr);
}

int Interruption::signal() const { return first; }

bool Interruption::sleep(Duration span) const {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + span;
  // Blocked between the look at the flag and the wait, which lets them through: no signal falls in
  // between.
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  for (const int number : noted)
    sigaddset(&blocked, number);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  // Also those that the process has blocked (`run` reads them from a descriptor later on): here is
  // where they are waited for.
  sigset_t open = before;
  for (const int number : noted)
    sigdelset(&open, number);
  while (first == 0) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now());
    if (left.count() <= 0) break;
    const timespec wait{static_cast<time_t>(left.count() / 1'000'000'000),
                        static_cast<long>(left.count() % 1'000'000'000)};
    ::ppoll(nullptr, 0, &wait, &open);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return first == 0;
}

}  // namespace refgate
