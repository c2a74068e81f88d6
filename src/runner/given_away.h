#pragma once
// What would be stored in refs for everybody who reads the repository, and must not: the tokens in
// use, and whatever looks like one.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/secrets/secret_scan.h"
#include "runner/environment.h"

namespace refgate {

/// Variables that hold the tokens of this very step.
std::vector<KnownSecret> tokens_in_use(const Environment& environment);

/// "the token in use (REFGATE_TOKEN)" or "what looks like a token (ghp_…)", never the value;
/// nothing when the text gives none away.
std::optional<std::string> what_it_gives_away(std::string_view text,
                                              const std::vector<KnownSecret>& secrets);

/// A message without them, for what was typed may be repeated in one.
std::string without_tokens(std::string text, const Environment& environment);

}  // namespace refgate
