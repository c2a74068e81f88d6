#include "lint/workflow/permissions.h"

#include <algorithm>
#include <array>

namespace refgate::lint {
namespace {

constexpr auto scopes = std::to_array<std::string_view>(
    {"actions", "attestations", "checks", "contents", "deployments", "discussions", "issues",
     "models", "packages", "pages", "pull-requests", "security-events", "statuses"});

std::optional<Access> access_named(YamlNode value) {
  if (value.has_expression()) return std::nullopt;
  for (const Access access : {Access::none, Access::read, Access::write})
    if (value.text() == name_of(access)) return access;
  return std::nullopt;
}

/// `models` can be read and not written; an identity can be asked for, and not read.
Access at_most(std::string_view scope, Access access) {
  if (scope == "models") return std::min(access, Access::read);
  if (scope == "id-token" && access == Access::read) return Access::none;
  return access;
}

}  // namespace

std::string_view name_of(Access access) {
  return access == Access::write ? "write" : access == Access::read ? "read" : "none";
}

std::optional<Access> access_of(YamlNode permissions, std::string_view scope) {
  if (permissions.is_mapping()) {
    const Entry entry = permissions.entry(scope);
    return entry ? access_named(entry.value) : Access::none;
  }
  if (permissions.text() == "read-all") return at_most(scope, Access::read);
  if (permissions.text() == "write-all") return at_most(scope, Access::write);
  return std::nullopt;
}

const Entry& permissions_of(const Workflow& workflow, const Job& job) {
  return job.permissions ? job.permissions : workflow.permissions;
}

std::vector<AskedAccess> asked_by(YamlNode permissions) {
  std::vector<AskedAccess> asked;
  for (const Entry& entry : permissions.entries()) {
    const auto access = access_named(entry.value);
    if (access && *access != Access::none)
      asked.push_back({entry.key.text(), *access, entry.value});
  }
  if (permissions.is_scalar()) {
    for (const std::string_view scope : scopes) {
      const auto access = access_of(permissions, scope);
      if (access && *access != Access::none) asked.push_back({scope, *access, permissions});
    }
  }
  return asked;
}

}  // namespace refgate::lint
