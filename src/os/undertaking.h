#pragma once
// What the process is at: told to who sits at the terminal, and to who ends it in the middle.

#include <string>
#include <string_view>

namespace refgate {

/// While it lives, what `Doing` tells is shown. One at a time.
///
/// On a terminal a line stands on standard error while something goes on, from one second after the
/// first of it; it is wiped before anything else can be written. A process that is ended says in
/// one line that it was, and what may have happened.
class Undertaking {
 public:
  struct Shows {
    bool progress = false;  ///< standard error is a terminal
    bool last_words = false;
  };
  Undertaking(const std::string& command, Shows shows);
  ~Undertaking();
  Undertaking(const Undertaking&) = delete;
  Undertaking& operator=(const Undertaking&) = delete;
};

/// Something that may take long, in any thread.
class Doing {
 public:
  enum class What { reads, writes };
  /// `text`: "reading claims"
  Doing(What what, std::string_view text);
  ~Doing();
  Doing(const Doing&) = delete;
  Doing& operator=(const Doing&) = delete;

 private:
  bool writes_;
};

}  // namespace refgate
