#pragma once
// What would be stored in refs for everybody who reads the repository, and must not: the tokens in
// use, and whatever looks like one.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/secrets/secret_scan.h"
#include "runner/environment.h"

namespace refgate {

/// Variables that hold the tokens of this very step.
std::vector<KnownSecret> tokens_in_use(const Environment& environment);

bool is_token_variable(std::string_view name);

struct GivenAway {
  std::string name;  ///< of the variable, or the beginning of the shape: "ghp_"
  std::string what;  ///< for people, never the value: "the token in use (REFGATE_TOKEN)", "what
                     ///< looks like a token (ghp_…)"
};

/// Nothing when the text gives none away. `harmless` are shapes that are no secret here.
std::optional<GivenAway> what_it_gives_away(std::string_view text,
                                            const std::vector<KnownSecret>& secrets,
                                            std::span<const std::string> harmless = {});

/// A message without them, for what was typed may be repeated in one.
std::string without_tokens(std::string text, const Environment& environment);

}  // namespace refgate
