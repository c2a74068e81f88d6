#pragma once
// A disk in memory, for projects that a test writes down.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lint/workflow/project.h"

namespace refgate::lint {

struct MemoryFiles {
  std::map<std::string, std::string> texts;

  Files seam() const {
    Files files;
    files.read = [this](const std::string& path) {
      const auto found = texts.find(path);
      return found == texts.end() ? std::nullopt : std::optional(found->second);
    };
    files.list = [this](const std::string& folder) {
      std::vector<std::string> names;
      const std::string prefix = folder == "." ? "" : folder.ends_with('/') ? folder : folder + "/";
      for (const auto& [path, text] : texts) {
        if (path.starts_with(prefix) && path.find('/', prefix.size()) == std::string::npos)
          names.push_back(path.substr(prefix.size()));
      }
      return names;
    };
    files.kind = [this](const std::string& path) {
      if (texts.contains(path)) return Files::Kind::file;
      const std::string prefix = path == "." ? "" : path.ends_with('/') ? path : path + "/";
      const auto below = texts.lower_bound(prefix);
      return below != texts.end() && below->first.starts_with(prefix) ? Files::Kind::folder
                                                                      : Files::Kind::missing;
    };
    return files;
  }

  /// The one project of some paths.
  Project project(const std::vector<std::string>& paths = {"."}) const {
    const auto found = find_projects(paths, seam());
    const auto& projects = std::get<std::vector<ProjectPaths>>(found);
    return projects.empty() ? Project({}, {}) : read_project(projects.at(0), seam());
  }
};

}  // namespace refgate::lint
