#include "os/last_words.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <utility>

namespace refgate {
namespace {

constexpr std::array<int, 4> spoken_at{SIGTERM, SIGINT, SIGHUP, SIGQUIT};

// Set before the handler is, and left alone until it is gone.
const char* volatile text = nullptr;
volatile std::size_t length = 0;
std::array<struct sigaction, spoken_at.size()> former{};

/// The handler is gone by then (SA_RESETHAND): raised again, the signal ends the process.
void speak(int number) {
  if (::write(STDERR_FILENO, text, length) < 0) {
    // Nobody reads it.
  }
  ::raise(number);
}

}  // namespace

LastWords::LastWords(std::string words) : text_(std::move(words)) {
  text = text_.data();
  length = text_.size();
  struct sigaction action {};
  action.sa_handler = speak;
  action.sa_flags = SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < spoken_at.size(); ++i) {
    ::sigaction(spoken_at[i], nullptr, &former[i]);
    if (former[i].sa_handler == SIG_DFL) ::sigaction(spoken_at[i], &action, nullptr);
  }
}

LastWords::~LastWords() {
  for (std::size_t i = 0; i < spoken_at.size(); ++i)
    ::sigaction(spoken_at[i], &former[i], nullptr);
}

}  // namespace refgate
