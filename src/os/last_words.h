#pragma once
// What a process says when a signal ends it in the middle of something.

#include <array>
#include <chrono>
#include <csignal>
#include <string>

namespace refgate {

/// While it lives, SIGTERM, SIGINT, SIGHUP and SIGQUIT write the text to standard error before they
/// end the process as they do; those that are ignored or handled already stay so. Where this thread
/// has blocked them, since somebody takes them later (`run`), what goes on has 3 s more, and is
/// then followed by the signal. The last one that was made speaks; they end in the reverse order.
class LastWords {
 public:
  /// With a `moment`, what goes on has so long after the signal until the process ends by it; done
  /// in time, it goes on as if there had been none.
  explicit LastWords(std::string text, std::chrono::seconds moment = std::chrono::seconds(0));
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
  sigset_t blocked_{};
  bool awaited_ = false;  ///< blocked by this thread before
  unsigned moment_before_;
};

}  // namespace refgate
