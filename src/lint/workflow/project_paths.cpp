// From paths on a command line to projects. A hook passes anything; people pass a repository, a
// folder or a file.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lint/workflow/project.h"

namespace refgate::lint {
namespace {

constexpr std::string_view workflows_folder = ".github/workflows";

struct Members {
  std::set<std::string> workflows, actions, loose, selected;
  bool with_siblings = false;
};

bool is_yaml(std::string_view file) { return file.ends_with(".yml") || file.ends_with(".yaml"); }

bool is_action_name(std::string_view name) { return name == "action.yml" || name == "action.yaml"; }

std::string normalised(const std::string& path) {
  std::string result;
  // Doubled slashes and `.` parts change nothing and would make two roots of one.
  std::size_t at = 0;
  if (path.starts_with('/')) result = "/";
  while (at <= path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, slash - at);
    if (!part.empty() && part != ".") {
      if (!result.empty() && !result.ends_with('/')) result += '/';
      result += part;
    }
    at = slash + 1;
  }
  return result;
}

/// The root before `tail`, which the path ends with as whole parts; nullopt when it does not.
std::optional<std::string> root_before(std::string_view path, std::string_view tail) {
  if (!path.ends_with(tail)) return std::nullopt;
  const std::string_view root = path.substr(0, path.size() - tail.size());
  if (!root.empty() && !root.ends_with('/')) return std::nullopt;
  return std::string(root);
}

/// Where a file outside of `.github/workflows` belongs: before `.github/`; else the folder one
/// stands in, since hooks run at the top of the repository; else, for an absolute path, its own
/// folder.
std::string root_of_loose(const std::string& path) {
  const std::size_t github = path.rfind(".github/");
  if (github != std::string::npos && (github == 0 || path[github - 1] == '/'))
    return path.substr(0, github);
  if (!path.starts_with('/') && !path.starts_with("../")) return "";
  return path.substr(0, path.rfind('/') + 1);
}

void add_folder(const std::string& path, const Files& files,
                std::map<std::string, Members>& projects) {
  std::optional<std::string> root = root_before(path, workflows_folder);
  if (!root) root = root_before(path, ".github");
  const bool named_itself = root.has_value();
  if (!root) root = path.empty() || path.ends_with('/') ? path : path + "/";

  Members& members = projects[*root];
  bool any = false;
  for (const std::string& name : files.list(*root + std::string(workflows_folder))) {
    if (!is_yaml(name)) continue;
    any = true;
    const std::string file = std::string(workflows_folder) + "/" + name;
    members.workflows.insert(file);
    members.selected.insert(file);
  }
  if (named_itself) return;
  for (const std::string& name : files.list(path.empty() ? "." : path)) {
    if (is_action_name(name)) {
      members.actions.insert(name);
    } else if (!any && is_yaml(name)) {
      members.loose.insert(name);
    } else {
      continue;
    }
    members.selected.insert(name);
  }
}

void add_file(const std::string& path, std::map<std::string, Members>& projects) {
  if (!is_yaml(path)) return;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::optional<std::string> root = root_before(folder, workflows_folder);
  Members& members = projects[root ? *root : root_of_loose(path)];
  const std::string file = path.substr((root ? *root : root_of_loose(path)).size());
  (root ? members.workflows : is_action_name(name) ? members.actions : members.loose).insert(file);
  members.selected.insert(file);
  members.with_siblings = members.with_siblings || root.has_value();
}

}  // namespace

std::variant<std::vector<ProjectPaths>, std::string> find_projects(
    const std::vector<std::string>& paths, const Files& files) {
  std::map<std::string, Members> projects;
  for (const std::string& given : paths) {
    if (given == stdin_name) {
      projects[""].workflows.insert(given);
      projects[""].selected.insert(given);
      continue;
    }
    const std::string path = normalised(given);
    switch (files.kind(path.empty() ? "." : path)) {
      case Files::Kind::folder:
        add_folder(path, files, projects);
        break;
      case Files::Kind::file:
        add_file(path, projects);
        break;
      case Files::Kind::missing:
        return "no file or folder is named " + given;
      case Files::Kind::other:
        return given + " is neither a file nor a folder (`-` is the standard input)";
    }
  }
  std::vector<ProjectPaths> result;
  for (auto& [root, members] : projects) {
    if (members.with_siblings) {
      for (const std::string& name : files.list(root + std::string(workflows_folder))) {
        if (is_yaml(name)) members.workflows.insert(std::string(workflows_folder) + "/" + name);
      }
    }
    if (members.selected.empty()) continue;
    const auto list = [](const std::set<std::string>& set) {
      return std::vector<std::string>(set.begin(), set.end());
    };
    result.push_back({root, list(members.workflows), list(members.actions), list(members.loose),
                      list(members.selected)});
  }
  return result;
}

}  // namespace refgate::lint
