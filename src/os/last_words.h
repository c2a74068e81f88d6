#pragma once
// What a process says when a signal ends it in the middle of something.

#include <string>

namespace refgate {

/// While it lives, SIGTERM, SIGINT, SIGHUP and SIGQUIT write the text to standard error before they
/// end the process as they do; those that are ignored or handled already stay so. One at a time.
class LastWords {
 public:
  explicit LastWords(std::string text);
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;

 private:
  std::string text_;
};

}  // namespace refgate
