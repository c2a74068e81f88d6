#pragma once
// Commands as facts name them: "codex", "opencode run", "refgate gate".

#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

std::vector<std::string_view> words_of_command(std::string_view command);

/// Whether a command line begins with these words. `/usr/bin/codex` and `codex@latest` are the word
/// `codex`; `npm:@openai/codex@1.2` is `@openai/codex`.
bool begins_with(const std::vector<std::string>& command,
                 const std::vector<std::string_view>& words);

/// Whether a script has the first of these words as a word, quoted or not. Nearly all scripts have
/// none of those looked for, and need not be taken apart.
bool names_command(std::string_view script, std::string_view words);

}  // namespace refgate::lint
