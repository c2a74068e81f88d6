#include "core/event/patch.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <vector>

#include "core/event/event_identity.h"
#include "core/text/digest.h"

namespace refgate {
namespace {

/// One line and what is behind it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// "12,3" or "12": how many lines. nullopt for anything else.
std::optional<std::size_t> lines_of_range(std::string_view range) {
  std::size_t start = 0;
  std::size_t count = 1;
  const char* end = range.data() + range.size();
  auto read = std::from_chars(range.data(), end, start);
  if (read.ec != std::errc()) return std::nullopt;
  if (read.ptr == end) return count;
  if (*read.ptr != ',') return std::nullopt;
  read = std::from_chars(read.ptr + 1, end, count);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return count;
}

/// What is left of a hunk.
struct Hunk {
  std::size_t old_lines = 0;
  std::size_t new_lines = 0;

  bool is_over() const { return old_lines == 0 && new_lines == 0; }
};

/// "@@ -1,7 +1,6 @@ …"
std::optional<Hunk> read_hunk(std::string_view line) {
  constexpr std::string_view start = "@@ -";
  if (!line.starts_with(start)) return std::nullopt;
  line.remove_prefix(start.size());
  const std::size_t middle = line.find(" +");
  const std::size_t end = line.find(" @@");
  if (middle == std::string_view::npos || end == std::string_view::npos || end < middle + 2)
    return std::nullopt;
  const auto before = lines_of_range(line.substr(0, middle));
  const auto after = lines_of_range(line.substr(middle + 2, end - middle - 2));
  if (!before || !after) return std::nullopt;
  return Hunk{*before, *after};
}

/// Which lines above the hunks say what is done to a file. How alike two versions are, and which
/// objects a file's text went from and to, is no part of the change.
bool is_of_the_change(std::string_view line) {
  static constexpr std::string_view starts[] = {
      "old mode ",    "new mode ",  "new file mode ", "deleted file mode ",
      "rename from ", "rename to ", "copy from ",     "copy to ",
      "--- ",         "+++ "};
  return std::any_of(std::begin(starts), std::end(starts),
                     [&](std::string_view start) { return line.starts_with(start); });
}

bool says_nothing(std::string_view line) {
  return line.starts_with("similarity index ") || line.starts_with("dissimilarity index ");
}

/// "index 1234567..89abcde 100644": the new one.
std::string_view new_object(std::string_view line) {
  const std::size_t dots = line.find("..");
  if (dots == std::string_view::npos) return {};
  line.remove_prefix(dots + 2);
  return line.substr(0, line.find(' '));
}

/// Reads a diff line by line into one text for each file.
class Reader {
 public:
  /// False: this is no diff.
  bool take(std::string_view line) {
    if (!hunk_.is_over()) return take_changed(line);
    if (line.starts_with("diff --git ")) {
      files_.emplace_back(line);
      in_hunks_ = false;
      object_ = {};
      return true;
    }
    if (files_.empty()) return false;
    if (line.starts_with('\\')) return take_changed(line);
    if (line.starts_with("@@ ")) return open(line);
    return !in_hunks_ && take_header(line);
  }

  /// Empty where the diff breaks off, and where there was none.
  std::vector<std::string> files() && {
    if (!hunk_.is_over()) files_.clear();
    return std::move(files_);
  }

 private:
  bool open(std::string_view line) {
    const auto hunk = read_hunk(line);
    if (!hunk) return false;
    // What stands above the hunks and what stands in them must not be taken for each other.
    if (!in_hunks_) add("@@");
    in_hunks_ = true;
    counted_ = false;
    hunk_ = *hunk;
    return true;
  }

  bool take_header(std::string_view line) {
    if (line.starts_with("index ")) {
      object_ = new_object(line);
      return true;
    }
    if (line.starts_with("Binary files ")) {
      if (object_.empty()) return false;
      add(line);
      add(object_);
      return true;
    }
    if (is_of_the_change(line)) {
      add(line);
      return true;
    }
    return says_nothing(line);
  }

  bool take_changed(std::string_view line) {
    // An editor or a mail may have taken the blank of an empty line away.
    const char kind = line.empty() ? ' ' : line.front();
    if (kind == '\\') {
      // "No newline at end of file" belongs to the line above it.
      if (counted_) add(line.substr(0, 1));
      return in_hunks_;
    }
    const bool goes = kind != '+';
    const bool comes = kind != '-';
    if ((kind != ' ' && kind != '+' && kind != '-') || (goes && hunk_.old_lines == 0) ||
        (comes && hunk_.new_lines == 0))
      return false;
    hunk_.old_lines -= goes ? 1 : 0;
    hunk_.new_lines -= comes ? 1 : 0;
    counted_ = kind != ' ';
    if (counted_) add(line);
    return true;
  }

  void add(std::string_view line) { files_.back().append("\n").append(line); }

  std::vector<std::string> files_;
  Hunk hunk_;
  std::string_view object_;
  bool in_hunks_ = false;
  bool counted_ = false;  ///< the last line of a hunk goes or comes
};

}  // namespace

std::optional<std::string> digest_of_patch(std::string_view diff) {
  Reader reader;
  while (!diff.empty())
    if (!reader.take(take_line(diff))) return std::nullopt;
  std::vector<std::string> files = std::move(reader).files();
  if (files.empty()) return std::nullopt;
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::string& file : files)
    all += std::to_string(file.size()) + ":" + file;
  return sha256_hex(all);
}

void identify_by_patch(Event& event, const std::string& digest) {
  identify(event, "patch", {{"change", digest}, {"branch that it is for", event.change->onto}});
  event.covers.clear();
  event.twin = "every event that brings this change to " + event.change->onto;
}

}  // namespace refgate
