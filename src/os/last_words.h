#pragma once
// What a process says when a signal ends it in the middle of something.

#include <array>
#include <csignal>
#include <string>

namespace refgate {

/// While it lives, SIGTERM, SIGINT, SIGHUP and SIGQUIT write the text to standard error before they
/// end the process as they do; those that are ignored or handled already stay so. The last one that
/// was made speaks; they end in the reverse order.
class LastWords {
 public:
  explicit LastWords(std::string text);
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;

  /// Another text from now on, which outlives this.
  void say_instead(const std::string& lasting);

 private:
  static constexpr std::array<int, 4> spoken_at{SIGTERM, SIGINT, SIGHUP, SIGQUIT};

  std::string text_;
  const std::string* before_;
  std::array<struct sigaction, spoken_at.size()> former_{};
};

}  // namespace refgate
