#include "os/last_words.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace refgate {
namespace {

// One word, so that a signal never meets half of a change.
std::atomic<const std::string*> spoken{nullptr};
static_assert(std::atomic<const std::string*>::is_always_lock_free);

std::atomic<unsigned> moment{0};
std::atomic<int> heard{0};

constexpr unsigned moment_where_awaited = 3;

void end_by_what_was_heard(int) { ::raise(heard); }

/// The handler is gone by then (SA_RESETHAND): raised again, the signal ends the process.
void speak(int number) {
  const std::string* text = spoken;
  if (text != nullptr && ::write(STDERR_FILENO, text->data(), text->size()) < 0) {
    // Nobody reads it.
  }
  if (moment == 0) {
    ::raise(number);
    return;
  }
  heard = number;
  struct sigaction action {};
  action.sa_handler = end_by_what_was_heard;
  ::sigaction(SIGALRM, &action, nullptr);
  ::alarm(moment);
}

}  // namespace

LastWords::LastWords(std::string text, std::chrono::seconds moment_after)
    : text_(std::move(text)), before_(spoken), moment_before_(moment) {
  if (moment_before_ == 0) heard = 0;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked_);
  awaited_ = std::any_of(spoken_at.begin(), spoken_at.end(),
                         [&](int number) { return ::sigismember(&blocked_, number) == 1; });
  // What goes on behind another one's back has no less time than that.
  moment = std::max({moment_before_, static_cast<unsigned>(moment_after.count()),
                     awaited_ ? moment_where_awaited : 0u});
  spoken = &text_;
  struct sigaction action {};
  action.sa_handler = speak;
  action.sa_flags = SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  sigset_t open;
  sigemptyset(&open);
  for (std::size_t i = 0; i < spoken_at.size(); ++i) {
    sigaddset(&open, spoken_at[i]);
    ::sigaction(spoken_at[i], nullptr, &former_[i]);
    if (former_[i].sa_handler == SIG_DFL) ::sigaction(spoken_at[i], &action, nullptr);
  }
  ::pthread_sigmask(SIG_UNBLOCK, &open, nullptr);
}

LastWords::~LastWords() {
  ::pthread_sigmask(SIG_SETMASK, &blocked_, nullptr);
  for (std::size_t i = 0; i < spoken_at.size(); ++i)
    ::sigaction(spoken_at[i], &former_[i], nullptr);
  if (moment_before_ == 0 && moment > 0) ::alarm(0);
  // Blocked again: it waits for whoever takes it.
  if (awaited_ && heard != 0) ::raise(heard);
  spoken = before_;
  moment = moment_before_;
}

void LastWords::say_instead(const std::string& lasting) { spoken = &lasting; }

}  // namespace refgate
