#include "core/folding.h"

#include <set>

#include "core/audit.h"
#include "core/digest.h"

namespace refgate {
namespace {

std::string with_fan_out(const std::string& path) {
  std::string id;
  for (char c : path)
    if (c != '/') id += c;
  return is_object_id(id) ? id.substr(0, 2) + "/" + id.substr(2) : path;
}

/// What makes two lines the same: the id for one of ours, the text for any other.
std::string key_of(std::string_view line) {
  const auto entry = decode_entry(line);
  return entry ? "id " + entry->entry.id : "text " + std::string(line);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

void add_lines(std::string& text, std::string_view addition) {
  std::set<std::string> held;
  for (std::string_view line : lines_of(text)) held.insert(key_of(line));
  for (std::string_view line : lines_of(addition)) {
    if (!held.insert(key_of(line)).second) continue;
    if (!text.empty() && text.back() != '\n') text += '\n';
    text += std::string(line) + '\n';
  }
}

}  // namespace

NotesTree fold_notes(const NotesTree& folded, const std::vector<NotesTree>& additions) {
  NotesTree result;
  for (const auto& [path, text] : folded) {
    std::string& target = result[with_fan_out(path)];
    if (target.empty()) target = text;
    else add_lines(target, text);
  }
  for (const NotesTree& tree : additions)
    for (const auto& [path, text] : tree) add_lines(result[with_fan_out(path)], text);
  return result;
}

bool holds_all(const NotesTree& whole, const NotesTree& part) {
  for (const auto& [path, text] : part) {
    const auto found = whole.find(with_fan_out(path));
    if (found == whole.end()) return false;
    std::set<std::string> held;
    for (std::string_view line : lines_of(found->second)) held.insert(key_of(line));
    for (std::string_view line : lines_of(text))
      if (!held.contains(key_of(line))) return false;
  }
  return true;
}

}  // namespace refgate
