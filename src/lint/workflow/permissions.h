#pragma once
// What `permissions` give the token of a job, and what of that a caller does not have to give.
// Facts: "Workflow syntax", permissions; "Reuse workflows", supported keywords: a called workflow
// may keep or lower the permissions that its caller's job has, and a run that asks for more is
// refused at its start.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lint/workflow/workflow.h"

namespace refgate::lint {

enum class Access : std::uint8_t { none, read, write };

std::string_view name_of(Access access);  ///< "none", "read", "write"

/// What these permissions give; nullopt when that cannot be told: an expression, nothing after the
/// colon, a word that is none of the three.
std::optional<Access> access_of(YamlNode permissions, std::string_view scope);

/// Those that count for a job: its own, else the workflow's; absent when neither names any.
const Entry& permissions_of(const Workflow& workflow, const Job& job);

struct AskedAccess {
  std::string_view scope;
  Access access;
  YamlNode place;  ///< where it is asked for
};
/// What permissions ask for as written, `none` left out.
std::vector<AskedAccess> asked_by(YamlNode permissions);

}  // namespace refgate::lint
