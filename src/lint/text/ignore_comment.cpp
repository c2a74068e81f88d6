// Comments that carry an ignore. A `#` is a comment only outside of scalars: the spans of the nodes
// tell, so that text inside of a script or of quotes is never taken for one.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>

#include "lint/text/document_data.h"
#include "lint/text/yaml_text.h"

namespace refgate::lint {
namespace {

constexpr std::string_view word = "refgate:";
constexpr std::string_view ignore_word = "ignore";

/// Where the word stands at or after `from`; the size of the text when it does not. Looks at one
/// byte in eight.
std::size_t find_word(std::string_view text, std::size_t from) {
  static const std::boyer_moore_horspool_searcher searcher(word.begin(), word.end());
  return static_cast<std::size_t>(
      std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), searcher) -
      text.begin());
}

std::uint32_t skip_blanks(std::string_view text, std::uint32_t at) {
  while (at < text.size() && is_blank(text[at]))
    ++at;
  return at;
}

/// The `#` before `at` with nothing but blanks between, and a blank or the start of the line before
/// it; npos when there is none.
std::size_t hash_before(std::string_view text, std::size_t at) {
  while (at > 0 && is_blank(text[at - 1]))
    --at;
  if (at == 0 || text[at - 1] != '#') return std::string_view::npos;
  const std::size_t hash = at - 1;
  return hash == 0 || is_blank(text[hash - 1]) || is_break(text[hash - 1]) ? hash
                                                                           : std::string_view::npos;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && (is_blank(text.back()) || is_break(text.back())))
    text.remove_suffix(1);
  return std::string(text);
}

/// Reads `[a, b] reason` from `at`. No rules when it is not of that form.
void read_names(const DocumentData& data, std::uint32_t at, std::uint32_t line_end,
                IgnoreComment& comment) {
  const std::string_view text = std::string_view(data.text).substr(0, line_end);
  if (at >= text.size() || text[at] != '[') return;
  const std::size_t close = text.find(']', at);
  if (close == std::string_view::npos) return;
  auto begin = at + 1;
  while (begin <= close) {
    const auto end = static_cast<std::uint32_t>(std::min(text.find(',', begin), close));
    const std::string name = trimmed(text.substr(begin, end - begin));
    const std::uint32_t first = skip_blanks(text, begin);
    if (!name.empty())
      comment.rules.push_back(
          {name, data.place(first, first + static_cast<std::uint32_t>(name.size()))});
    begin = end + 1;
  }
  comment.reason = trimmed(text.substr(close + 1));
}

}  // namespace

void read_ignores(DocumentData& data) {
  const std::string_view text = data.text;
  std::size_t node = 0;
  std::size_t from = 0;
  for (std::size_t found = find_word(text, 0); found != text.size();
       found = find_word(text, from)) {
    from = found + word.size();
    const std::size_t hash = hash_before(text, found);
    const std::uint32_t after = skip_blanks(text, static_cast<std::uint32_t>(found + word.size()));
    if (hash == std::string_view::npos || text.substr(after, ignore_word.size()) != ignore_word)
      continue;

    // Scalars do not overlap and stand in the order of the text. What follows the `|` of a block
    // scalar on its line is a comment.
    const auto is_past = [&](const NodeRecord& record) {
      return record.kind == YamlKind::scalar && !record.alias && record.end > hash;
    };
    while (node < data.nodes.size() && !is_past(data.nodes[node]))
      ++node;
    if (node < data.nodes.size() && data.nodes[node].begin < hash) {
      const NodeRecord& scalar = data.nodes[node];
      const bool header = (scalar.style == Style::literal || scalar.style == Style::folded) &&
                          text.find('\n', scalar.begin) > hash;
      if (!header) continue;
    }

    std::uint32_t line_end =
        static_cast<std::uint32_t>(std::min(text.find('\n', hash), text.size()));
    if (line_end > hash && text[line_end - 1] == '\r') --line_end;
    IgnoreComment comment;
    comment.place = data.place(static_cast<std::uint32_t>(hash), line_end);
    const std::string_view before =
        text.substr(data.lines[comment.place.line - 1], hash - data.lines[comment.place.line - 1]);
    comment.own_line = std::all_of(before.begin(), before.end(), is_blank);
    read_names(data, skip_blanks(text, after + static_cast<std::uint32_t>(ignore_word.size())),
               line_end, comment);
    data.ignores.push_back(std::move(comment));
    from = line_end;
  }
}

}  // namespace refgate::lint
