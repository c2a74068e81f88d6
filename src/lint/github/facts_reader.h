#pragma once
// Facts as YAML: the compiled-in files and `facts:` of the configuration file have the same keys.

#include <optional>

#include "lint/github/facts.h"
#include "lint/text/document.h"

namespace refgate::lint {

/// Adds what a mapping says. The first thing in it that is not understood stops it: an unknown key
/// names the nearest known one.
std::optional<SyntaxProblem> add_facts(YamlNode mapping, Facts& facts);

}  // namespace refgate::lint
