#pragma once
// Commands whose failure a script does not pass on.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

/// How the exit status of the first command that `is_meant` is lost: "`|| true`", "a pipe without
/// `pipefail`". Empty when it is not, or when something is done with it that cannot be followed.
/// `is_meant` gets the words of a command as shell_commands() gives them; `pipefail` is what the
/// step's `shell` sets. Facts: "Exit codes and error action preference": `bash -e {0}` by default,
/// `bash --noprofile --norc -eo pipefail {0}` for `shell: bash`. `goes_on`: the shell does not stop
/// at a failure (goes_on_after_failure()).
std::string lost_status(std::string_view script, bool pipefail,
                        const std::function<bool(const std::vector<std::string>&)>& is_meant,
                        bool goes_on = false);

/// Whether a `shell` of the author's own runs its script without `-e`: `bash {0}`.
bool goes_on_after_failure(std::string_view shell);

}  // namespace refgate::lint
