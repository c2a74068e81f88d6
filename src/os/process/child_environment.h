#pragma once
// What a child process inherits.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace refgate {

/// True for a variable that the child must not have.
using IsWithheld = std::function<bool(std::string_view name, std::string_view value)>;

/// `inherited` ("NAME=value" each) without what is withheld. Git's settings by environment
/// (GIT_CONFIG_COUNT, _KEY_n, _VALUE_n) are withheld in pairs and numbered anew: git refuses all of
/// them when one that it was promised is missing, or has no key.
std::vector<std::string> without_withheld(const std::vector<std::string>& inherited,
                                          const IsWithheld& is_withheld);

/// This process's own environment, likewise.
std::vector<std::string> own_environment(const IsWithheld& is_withheld);

/// For exec: `texts` must outlive it.
std::vector<char*> exec_pointers(std::vector<std::string>& texts);

}  // namespace refgate
