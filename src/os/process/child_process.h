#pragma once
// A command of the user's, run to its end or to the deadline, with its output.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace refgate {

struct ChildCommand {
  std::vector<std::string> arguments;  ///< the first is the program, looked for in PATH
  std::string input;
  int input_file = -1;  ///< an open file to read instead of `input`; its offset tells afterwards
                        ///< how much was read
  std::vector<std::pair<std::string, std::optional<std::string>>>
      environment;           ///< set, or (nullopt) removed; the rest is inherited
  bool keep_tokens = false;  ///< else no variable is inherited that gives away (holds_token) that
                             ///< of REFGATE_TOKEN or GITHUB_TOKEN, whatever its name
  bool own_session = false;  ///< away from the terminal, so that nothing can ask there, and killed
                             ///< with everything that it started
  std::function<bool()>
      halt;  ///< asked some twenty times a second: true ends the command as at the deadline
};

struct ChildResult {
  int status = 0;          ///< exit status; 128 + number for a signal
  bool timed_out = false;  ///< killed at the deadline, or by `halt`
  bool cut = false;        ///< there was more output than is kept; killed
  std::string output;
  std::string errors;  ///< the last 64 KiB of standard error
};

/// Throws std::system_error when the program cannot be started.
ChildResult run_child(const ChildCommand& command, std::chrono::steady_clock::time_point deadline);

/// Where PATH has an executable of that name.
std::optional<std::string> find_program(const std::string& name);

}  // namespace refgate
