#include "os/process/marked_processes.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

namespace refgate {
namespace {

/// What has ended already has no environment any more.
bool has_entry(const std::filesystem::path& process, const std::string& entry) {
  std::ifstream file(process / "environ", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::string_view rest(text);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    if (rest.substr(0, end) == entry) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace

std::set<pid_t> signal_marked(const std::string& mark, int number) {
  if (mark.empty()) return {};
  const std::string entry = std::string(session_mark_variable) + "=" + mark;
  std::set<pid_t> found;
  std::error_code error;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = process.path().filename().string();
    if (!std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c >= '0' && c <= '9'; }))
      continue;
    const long id = std::strtol(name.c_str(), nullptr, 10);
    if (id == ::getpid() || !has_entry(process.path(), entry)) continue;
    if (::kill(static_cast<pid_t>(id), number) == 0) found.insert(static_cast<pid_t>(id));
  }
  return found;
}

}  // namespace refgate
