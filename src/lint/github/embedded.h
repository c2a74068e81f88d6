#pragma once
// The files of lint-rules/, compiled in by embed.cmake.

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

}  // namespace refgate::lint
