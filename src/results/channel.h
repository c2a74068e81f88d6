#pragma once
// One way to hand a result over: a command that is given the content, and has so much time.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "call/invocation.h"

namespace refgate {

struct Channel {
  std::string name;
  std::vector<std::string> arguments;
};

/// What the command after "--", and then each `--to NAME=shell command`, are. Throws UsageError: no
/// channel at all, a name twice, an empty command.
std::vector<Channel> channels_of(const Invocation& call);

struct Attempt {
  bool delivered = false;
  std::string outcome;  ///< for people: why it was not; without a word of what the command printed
  std::string output;   ///< what it printed
  std::string errors;   ///< the end of what it printed on standard error
};

/// Runs the channel in a session of its own, with the content both on standard input and in the
/// file that REFGATE_RESULT_FILE names; whatever it started is killed at `until`, or when `halt`
/// says so. The tokens that refgate was given stay out of its environment. It has delivered when
/// its exit status is 0 and it did not stop in the midst of its input: a channel that read some of
/// it and not the rest has lost the rest, whatever it says; one that read nothing took the file.
/// Never throws.
Attempt run_channel(const Channel& channel, const std::string& content,
                    std::chrono::steady_clock::time_point until, const std::function<bool()>& halt);

/// A shell command of the user's that is given no content, bounded in the same way: an early
/// summary.
Attempt run_shell(const std::string& command,
                  const std::vector<std::pair<std::string, std::string>>& environment,
                  std::chrono::steady_clock::time_point until, const std::function<bool()>& halt);

/// The first lines of what a command printed, each marked with its name, so that none of them is a
/// command to the runner.
void print_output(std::ostream& err, const std::string& name, const std::string& text);

}  // namespace refgate
