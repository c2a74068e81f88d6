#pragma once
// Files that are compiled in by embed.cmake: those of lint-rules/, and what this project offers to
// workflows.

#include <span>
#include <string_view>

namespace refgate::lint {

struct EmbeddedFile {
  std::string_view name;  ///< without directory and extension
  std::string_view text;
};

/// lint-rules/*.md, sorted by name.
std::span<const EmbeddedFile> embedded_rule_pages();
/// lint-rules/facts/*.yml, sorted by name.
std::span<const EmbeddedFile> embedded_facts();
/// This project's action.yml, alone.
std::span<const EmbeddedFile> embedded_action();
/// This project's .github/workflows/gated.yml, alone.
std::span<const EmbeddedFile> embedded_called_workflow();

}  // namespace refgate::lint
