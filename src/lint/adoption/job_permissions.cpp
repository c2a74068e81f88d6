#include "lint/adoption/job_permissions.h"

#include <map>

#include "lint/finding/edit.h"
#include "lint/workflow/permissions.h"

namespace refgate::lint {
namespace {

using Granted = std::map<std::string, Access>;

void add_needed(Granted& granted) {
  granted["contents"] = Access::write;
  Access& actions = granted["actions"];
  actions = std::max(actions, Access::read);
}

/// What permissions give, by name; false when that cannot be told.
bool read_granted(YamlNode permissions, Granted& granted) {
  if (permissions.is_scalar()) {
    const std::vector<AskedAccess> asked = asked_by(permissions);
    for (const AskedAccess& each : asked)
      granted[std::string(each.scope)] = each.access;
    return !asked.empty();
  }
  if (!permissions.is_mapping()) return false;
  for (const Entry& entry : permissions.entries()) {
    const auto access = access_of(permissions, entry.key.text());
    if (!access) return false;
    granted[std::string(entry.key.text())] = *access;
  }
  return true;
}

std::string in_lines(const Granted& granted, const std::string& line_start) {
  std::string lines;
  for (const auto& [scope, access] : granted)
    lines += line_start + scope + ": " + std::string(name_of(access));
  return lines;
}

std::string in_braces(const Granted& granted) {
  std::string text;
  for (const auto& [scope, access] : granted)
    text += (text.empty() ? "{" : ", ") + scope + ": " + std::string(name_of(access));
  return text + "}";
}

/// In a mapping of the job's own only what is missing is written.
void edit_mapping(const Document& document, YamlNode permissions, PermissionEdits& result) {
  const auto add = [&](std::vector<TextEdit> edits) {
    result.edits.insert(result.edits.end(), edits.begin(), edits.end());
  };
  const auto require = [&](std::string_view scope, Access least) {
    if (access_of(permissions, scope).value_or(Access::none) >= least) return;
    const std::string value(name_of(least));
    if (const Entry entry = permissions.entry(scope))
      add({replace_node(entry.value, value)});
    else
      add(add_entry(document, permissions, scope, value));
  };
  require("contents", Access::write);
  require("actions", Access::read);
}

}  // namespace

bool gives_to_gate(YamlNode permissions) {
  return access_of(permissions, "contents") == Access::write &&
         access_of(permissions, "actions").value_or(Access::none) >= Access::read;
}

std::string permissions_with_gate(const AgentJob& agent) {
  Granted granted;
  const Entry& permissions = permissions_of(*agent.workflow, *agent.job);
  if (permissions && !read_granted(permissions.value, granted)) granted.clear();
  add_needed(granted);
  const std::string own = agent.job->node.style() == Style::block
                              ? indent_of(agent.document(), agent.job->node)
                              : "    ";
  return own + "permissions:" + in_lines(granted, "\n" + own + "  ") + "\n";
}

PermissionEdits allow_gate(const AgentJob& agent) {
  const Job& job = *agent.job;
  const Document& document = agent.document();
  PermissionEdits result;
  const Entry& permissions = permissions_of(*agent.workflow, job);
  // What only called workflows have is what their callers give, who have been asked.
  if (permissions ? gives_to_gate(permissions.value) : agent.workflow->only_called()) return result;
  Granted granted;
  if (permissions && !read_granted(permissions.value, granted)) {
    result.refusal = "what its permissions give cannot be told (line " +
                     std::to_string(permissions.key.place().line) + ")";
    return result;
  }
  add_needed(granted);
  if (job.permissions) {
    if (job.permissions.value.is_alias())
      result.refusal = "its permissions stand elsewhere (line " +
                       std::to_string(job.permissions.value.place().line) + ")";
    else if (job.permissions.value.is_mapping() && job.permissions.value.size() > 0)
      edit_mapping(document, job.permissions.value, result);
    else
      result.edits.push_back(replace_node(job.permissions.value, in_braces(granted)));
  } else {
    const std::string line =
        std::string(line_break(document)) + indent_of(document, job.node) + "  ";
    result.edits =
        add_entry(document, job.node, "permissions", in_lines(granted, line), job.runs_on);
    // `permissions:` ends its line.
    for (TextEdit& edit : result.edits)
      if (const std::size_t blank = edit.replacement.find("permissions: ");
          blank != std::string::npos)
        edit.replacement.erase(blank + std::string_view("permissions:").size(), 1);
  }
  if (!permissions)
    result.note =
        "no `permissions` were named, so that the repository's default decided; those that the "
        "gate needs are named now, and nothing else is given: add what the agent needs besides "
        "(`pull-requests: write` or `issues: write` to comment)";
  else if (permissions.value.is_scalar())
    result.note = "`" + std::string(permissions.value.text()) +
                  "` is written out for it, since only `contents` is to be written";
  return result;
}

}  // namespace refgate::lint
