#include "core/record/folding.h"

#include <set>
#include <string_view>
#include <utility>

#include "core/record/audit.h"
#include "core/text/digest.h"

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
  const auto id = entry_id_of(line);
  return id ? "id " + *id : "text " + std::string(line);
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

/// The lines of one note, told apart by their keys, which are worked out once.
class Note {
 public:
  explicit Note(const std::string& text) : text_(text) {
    for (std::string_view line : lines_of(text_))
      keys_.insert(key_of(line));
  }
  void add(std::string_view text) {
    for (std::string_view line : lines_of(text)) {
      if (!keys_.insert(key_of(line)).second) continue;
      if (!text_.empty() && text_.back() != '\n') text_ += '\n';
      text_ += std::string(line) + '\n';
    }
  }
  bool holds(std::string_view line) const { return keys_.contains(key_of(line)); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::set<std::string> keys_;
};

}  // namespace

NotesTree fold_notes(const NotesTree& folded, const std::vector<NotesTree>& additions) {
  NotesTree result;
  std::map<std::string, Note> touched;
  const auto add = [&](const std::string& path, const std::string& text) {
    const auto there = result.find(path);
    touched.try_emplace(path, there == result.end() ? std::string() : there->second)
        .first->second.add(text);
  };
  for (const auto& [path, text] : folded)
    if (!result.emplace(with_fan_out(path), text).second) add(with_fan_out(path), text);
  for (const NotesTree& tree : additions)
    for (const auto& [path, text] : tree)
      add(with_fan_out(path), text);
  for (auto& [path, note] : touched)
    result[path] = note.take();
  return result;
}

bool holds_all(const NotesTree& whole, const std::vector<NotesTree>& parts) {
  std::map<std::string, Note> looked_at;
  for (const NotesTree& part : parts)
    for (const auto& [path, text] : part) {
      const std::string wide = with_fan_out(path);
      const auto found = whole.find(wide);
      if (found == whole.end()) return false;
      const Note& note = looked_at.try_emplace(wide, found->second).first->second;
      for (std::string_view line : lines_of(text))
        if (!note.holds(line)) return false;
    }
  return true;
}

std::size_t count_lines(const NotesTree& tree) {
  std::size_t count = 0;
  for (const auto& [path, text] : tree)
    count += lines_of(text).size();
  return count;
}

}  // namespace refgate
