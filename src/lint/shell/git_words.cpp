#include "lint/shell/git_words.h"

#include <algorithm>
#include <initializer_list>

namespace refgate::lint {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Options of git itself that take the next word, and those of one of its commands.
bool takes_word(std::string_view option) {
  return is_one_of(option, {"-C", "-c", "--git-dir", "--work-tree", "--namespace"});
}

bool takes_word(std::string_view command, std::string_view option) {
  return is_one_of(option, {"-b", "--branch", "--depth", "-o", "--origin"}) ||
         (command == "clone" && is_one_of(option, {"-c", "--config", "-j", "--jobs", "--filter",
                                                   "-u", "--upload-pack", "--reference"}));
}

}  // namespace

bool is_git(const std::vector<std::string>& command) {
  return !command.empty() && (command[0] == "git" || command[0].ends_with("/git"));
}

std::size_t git_command_at(const std::vector<std::string>& command) {
  if (!is_git(command)) return 0;
  std::size_t at = 1;
  while (at < command.size() && command[at].starts_with('-'))
    at += takes_word(command[at]) ? 2 : 1;
  return at < command.size() ? at : 0;
}

std::string git_folder(const std::vector<std::string>& command, const std::string& folder) {
  constexpr std::string_view tree = "--work-tree=";
  std::string found = folder;
  for (std::size_t at = 1; at < command.size() && command[at].starts_with('-'); ++at) {
    const std::string& option = command[at];
    if (option.starts_with(tree)) found = entered(found, option.substr(tree.size()));
    if (!takes_word(option) || ++at == command.size()) continue;
    if (option == "-C" || option == "--work-tree") found = entered(found, command[at]);
  }
  return found;
}

std::vector<std::string> git_operands(const std::vector<std::string>& command) {
  std::vector<std::string> operands;
  const std::size_t verb = git_command_at(command);
  if (verb == 0) return operands;
  for (std::size_t at = verb + 1; at < command.size(); ++at) {
    if (takes_word(command[verb], command[at]))
      ++at;
    else if (!command[at].starts_with('-'))
      operands.push_back(command[at]);
  }
  return operands;
}

std::string cloned_name(std::string_view address) {
  while (address.ends_with('/'))
    address.remove_suffix(1);
  address.remove_prefix(address.rfind('/') + 1);
  if (address.ends_with(".git")) address.remove_suffix(4);
  return std::string(address);
}

bool is_outside(std::string_view folder) {
  return folder.starts_with('/') || folder.starts_with('$') || folder.starts_with('~');
}

std::string entered(const std::string& folder, std::string_view path) {
  std::string base = folder;
  for (const std::string_view root : {"$GITHUB_WORKSPACE", "${GITHUB_WORKSPACE}",
                                      "${{ github.workspace }}", "${{github.workspace}}"}) {
    if (!path.starts_with(root)) continue;
    path.remove_prefix(root.size());
    base.clear();
    while (path.starts_with('/'))
      path.remove_prefix(1);
    break;
  }
  if (is_outside(path)) {
    while (path.size() > 1 && path.ends_with('/'))
      path.remove_suffix(1);
    return std::string(path);
  }
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    const std::size_t slash = base.rfind('/');
    if (part != "..") {
      if (!base.empty() && base != "/") base += '/';
      base += part;
    } else if (slash == 0) {
      base = "/";
    } else if (slash != std::string::npos) {
      base.resize(slash);
    } else if (is_outside(base)) {
      base += "/..";
    } else {
      base.clear();
    }
  }
  return base;
}

bool is_below(std::string_view folder, std::string_view root) {
  if (root.empty()) return !is_outside(folder);
  return folder == root || (folder.starts_with(root) && folder[root.size()] == '/');
}

}  // namespace refgate::lint
