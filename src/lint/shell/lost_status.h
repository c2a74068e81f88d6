#pragma once
// Commands whose failure a script does not pass on.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

/// What a shell makes of failures in its script. Facts: "Exit codes and error action preference":
/// `bash -e {0}` by default, `bash --noprofile --norc -eo pipefail {0}` for `shell: bash`.
struct ShellManner {
  bool pipefail = false;
  bool goes_on = false;  ///< it does not stop at one
};

/// That of a step's `run` with this `shell`; of one of the author's own too: `bash {0}`.
ShellManner manner_of(std::string_view shell);
/// That of the scripts which this project's action runs.
inline constexpr ShellManner own_manner{true, false};

/// How the exit status of the first command that `is_meant` is lost: "`|| true`", "a pipe without
/// `pipefail`". Empty when it is not, or when something is done with it that cannot be followed.
/// `is_meant` gets the words of a command as shell_commands() gives them.
std::string lost_status(std::string_view script, ShellManner manner,
                        const std::function<bool(const std::vector<std::string>&)>& is_meant);

}  // namespace refgate::lint
