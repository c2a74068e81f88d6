#include "os/last_words.h"

#include <unistd.h>

#include <atomic>
#include <utility>

namespace refgate {
namespace {

// One word, so that a signal never meets half of a change.
std::atomic<const std::string*> spoken{nullptr};
static_assert(std::atomic<const std::string*>::is_always_lock_free);

/// The handler is gone by then (SA_RESETHAND): raised again, the signal ends the process.
void speak(int number) {
  const std::string* text = spoken;
  if (text != nullptr && ::write(STDERR_FILENO, text->data(), text->size()) < 0) {
    // Nobody reads it.
  }
  ::raise(number);
}

}  // namespace

LastWords::LastWords(std::string text) : text_(std::move(text)), before_(spoken) {
  spoken = &text_;
  struct sigaction action {};
  action.sa_handler = speak;
  action.sa_flags = SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < spoken_at.size(); ++i) {
    ::sigaction(spoken_at[i], nullptr, &former_[i]);
    if (former_[i].sa_handler == SIG_DFL) ::sigaction(spoken_at[i], &action, nullptr);
  }
}

LastWords::~LastWords() {
  for (std::size_t i = 0; i < spoken_at.size(); ++i)
    ::sigaction(spoken_at[i], &former_[i], nullptr);
  spoken = before_;
}

void LastWords::say_instead(const std::string& lasting) { spoken = &lasting; }

}  // namespace refgate
