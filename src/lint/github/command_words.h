#pragma once
// Commands as facts name them: "codex", "opencode run", "refgate gate".

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

std::vector<std::string_view> words_of_command(std::string_view command);

/// A word of a command without what a package manager adds to it: `npm:`, `@latest`.
std::string_view plain_word(std::string_view written);

/// How many words a command line begins with when it begins with all of these; 0 when it does
/// not. `/usr/bin/codex` and `codex@latest` are the word
/// `codex`; `npm:@openai/codex@1.2` is `@openai/codex`.
std::size_t begins_with(const std::vector<std::string>& command, std::string_view words);

}  // namespace refgate::lint
