#include "lint/finding/edit.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "lint/text/yaml_text.h"

namespace refgate::lint {
namespace {

bool all_blank(std::string_view text) { return std::all_of(text.begin(), text.end(), is_blank); }

bool holds_anchor(YamlNode node) {
  if (node.is_alias()) return false;
  if (!node.anchor().empty()) return true;
  for (const YamlNode item : node.items()) {
    if (holds_anchor(item)) return true;
  }
  for (const Entry& entry : node.entries()) {
    if (holds_anchor(entry.key) || holds_anchor(entry.value)) return true;
  }
  return false;
}

/// A child of a collection: from its anchor, tag or key to its end.
struct Child {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// The whole lines of a child in block style, which begins after `marker` ("-" or nothing); nullopt
/// when it shares a line with something else.
std::optional<TextEdit> whole_lines(const Document& document, const Child& child,
                                    std::string_view marker) {
  const std::string_view text = document.text();
  const Place place = document.place(child.begin, child.end);
  const std::uint32_t line = document.line_start(place.line);
  std::string_view before = text.substr(line, child.begin - line);
  while (!before.empty() && is_blank(before.back()))
    before.remove_suffix(1);
  if (!before.ends_with(marker) || !all_blank(before.substr(0, before.size() - marker.size())))
    return std::nullopt;
  const std::uint32_t next = document.line_start(place.end_line + 1);
  const std::uint32_t after = skip_to_content(text.substr(0, next), child.end);
  if (after != next) return std::nullopt;
  return TextEdit{line, next, ""};
}

std::vector<TextEdit> remove_child(const Document& document, const std::vector<Child>& children,
                                   std::size_t index, bool flow, std::string_view marker) {
  if (children.size() < 2) return {};
  const Child& child = children[index];
  if (!flow) {
    if (const auto lines = whole_lines(document, child, marker)) return {*lines};
    // The first key after `- `: what follows takes its place.
    if (!marker.empty() || index + 1 == children.size()) return {};
    const TextEdit edit{child.begin, children[index + 1].begin, ""};
    const bool comment =
        document.text().substr(child.end, edit.end - child.end).find('#') != std::string_view::npos;
    return comment || index != 0 ? std::vector<TextEdit>() : std::vector{edit};
  }
  const TextEdit edit = index == 0 ? TextEdit{child.begin, children[1].begin, ""}
                                   : TextEdit{children[index - 1].end, child.end, ""};
  const std::string_view gap = index == 0
                                   ? document.text().substr(child.end, edit.end - child.end)
                                   : document.text().substr(edit.begin, child.begin - edit.begin);
  if (gap.find('#') != std::string_view::npos) return {};
  return {edit};
}

}  // namespace

std::string_view line_break(const Document& document) {
  const std::size_t found = document.text().find('\n');
  return found != std::string_view::npos && found > 0 && document.text()[found - 1] == '\r' ? "\r\n"
                                                                                            : "\n";
}

std::vector<TextEdit> remove_entry(const Document& document, YamlNode mapping, const Entry& entry) {
  if (mapping.is_alias() || holds_anchor(entry.key) || holds_anchor(entry.value)) return {};
  std::vector<Child> children;
  std::size_t index = 0;
  for (const Entry& each : mapping.entries()) {
    if (each.key == entry.key) index = children.size();
    children.push_back({each.key.outer_begin(), each.value.end_byte()});
  }
  return remove_child(document, children, index, mapping.style() == Style::flow, "");
}

std::vector<TextEdit> remove_item(const Document& document, YamlNode sequence, YamlNode item) {
  if (sequence.is_alias() || holds_anchor(item)) return {};
  std::vector<Child> children;
  std::size_t index = 0;
  for (const YamlNode each : sequence.items()) {
    if (each == item) index = children.size();
    children.push_back({each.outer_begin(), each.end_byte()});
  }
  return remove_child(document, children, index, sequence.style() == Style::flow, "-");
}

std::vector<TextEdit> add_entry(const Document& document, YamlNode mapping, std::string_view key,
                                std::string_view value, const Entry& after) {
  if (mapping.is_alias() || !mapping.is_mapping() || mapping.size() == 0) return {};
  const Entry first = *mapping.entries().begin();
  const std::string added = std::string(key) + ": " + std::string(value);
  const std::uint32_t begin = first.key.outer_begin();
  if (mapping.style() == Style::flow) {
    if (!after) return {{begin, begin, added + ", "}};
    const std::uint32_t end = after.value.place().end;
    return {{end, end, ", " + added}};
  }
  // The indentation of the mapping's keys, which is not that of the line when the first one stands
  // after `- `.
  const std::string indent(begin - document.line_start(document.place(begin, begin).line), ' ');
  if (!after) return {{begin, begin, added + std::string(line_break(document)) + indent}};
  const std::uint32_t line = document.place(after.value.place().end, after.value.place().end).line;
  const auto end =
      document.line_start(line) + static_cast<std::uint32_t>(document.line(line).size());
  return {{end, end, std::string(line_break(document)) + indent + added}};
}

TextEdit replace_node(YamlNode node, std::string_view replacement) {
  const Place place = node.place();
  return {place.begin, place.end, std::string(replacement)};
}

}  // namespace refgate::lint
