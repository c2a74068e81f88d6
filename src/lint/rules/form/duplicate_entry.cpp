// The same thing twice. GitHub compares keys without case and refuses a workflow that has one twice
// ("'x' is already defined"); everything else it takes, and a value that is twice in a matrix is a
// job that runs twice.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// To remove an entry, its whole mapping or list is walked, so that many in one are not all offered
/// a fix.
constexpr std::size_t most_fixes = 100;

/// A text that is equal for two nodes exactly when GitHub sees the same value: numbers by value,
/// strings by text, mappings in any order. Empty when an expression is part of it, since its value
/// is not known.
std::string identity(YamlNode node) {
  if (node.has_expression()) return {};
  if (const auto number = node.number()) {
    std::array<char, 32> digits;
    return "n" +
           std::string(digits.data(),
                       std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr);
  }
  if (const auto boolean = node.boolean()) return *boolean ? "t" : "f";
  if (node.is_null()) return "0";
  if (node.is_scalar())
    return "s" + std::to_string(node.text().size()) + ":" + std::string(node.text());
  std::string whole = node.is_sequence() ? "[" : "{";
  std::multimap<std::string, std::string> entries;
  for (const YamlNode item : node.items()) {
    const std::string part = identity(item);
    if (part.empty()) return {};
    whole += part + ",";
  }
  for (const Entry& entry : node.entries()) {
    const std::string value = identity(entry.value);
    if (value.empty() || entry.key.has_expression()) return {};
    entries.emplace(to_upper(entry.key.text()), value);
  }
  for (const auto& [key, value] : entries)
    whole += std::to_string(key.size()) + ":" + key + value + ",";
  return whole + (node.is_sequence() ? "]" : "}");
}

/// Whether two keys of a mapping may be the same: nearly no mapping needs a closer look.
bool may_repeat_key(YamlNode node) {
  std::vector<std::size_t> keys;
  keys.reserve(node.size());
  for (const Entry& entry : node.entries()) {
    std::size_t hash = 14695981039346656037u;
    for (const char character : entry.key.text()) {
      const auto byte = static_cast<unsigned char>(character);
      if (byte >= 0x80) return true;
      hash = (hash ^ (byte >= 'a' && byte <= 'z' ? byte - 32u : byte)) * 1099511628211u;
    }
    keys.push_back(hash);
  }
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

class Finder {
 public:
  Finder(const FileRef& file, Sink& sink) : file_(file), sink_(sink) {}

  void keys(YamlNode node) {
    if (node.is_alias()) return;  // looked at where it is anchored
    for (const YamlNode item : node.items())
      keys(item);
    for (const Entry& entry : node.entries())
      keys(entry.value);
    if (!may_repeat_key(node)) return;
    std::map<std::string, Entry> seen;
    std::size_t twice = 0;
    for (const Entry& entry : node.entries()) {
      // `${{ insert }}` may stand in a mapping any number of times.
      if (!entry.key.is_scalar() || entry.key.has_expression()) continue;
      const auto [first, is_new] = seen.emplace(to_upper(entry.key.text()), entry);
      if (is_new) continue;
      const bool same_spelling = first->second.key.text() == entry.key.text();
      auto report = sink_.report(file_, entry.key,
                                 "`" + std::string(entry.key.text()) +
                                     "` is already defined in this mapping" +
                                     (same_spelling ? "" : " (GitHub compares keys without case)") +
                                     ", so GitHub refuses the file");
      report.severity(Severity::error).related(file_, first->second.key, "first defined here");
      if (++twice > most_fixes) continue;
      const std::string value = identity(entry.value);
      if (!value.empty() && value == identity(first->second.value)) {
        report.fix(FixKind::safe, "Remove the second `" + std::string(entry.key.text()) + "`",
                   remove_entry(*file_.document, node, entry));
      }
    }
  }

  /// Items of `list` with the same identity; `what` is what one of them is, `effect` what comes of
  /// it.
  void values(YamlNode list, const std::string& what, const std::string& effect,
              std::string (*identity_of)(YamlNode)) {
    std::map<std::string, YamlNode> seen;
    std::size_t twice = 0;
    for (const YamlNode item : list.items()) {
      // In a filter, a pattern after a negated one takes back what that one took away.
      if (what == "filter" && item.text().starts_with('!')) seen.clear();
      const std::string key = identity_of(item);
      if (key.empty()) continue;
      const auto [first, is_new] = seen.emplace(key, item);
      if (is_new) continue;
      const std::string shown =
          item.is_scalar() ? "`" + std::string(item.text()) + "`" : "this " + what;
      const std::string spelling =
          item.is_scalar() && item.text() != first->second.text()
              ? " (as `" + std::string(first->second.text()) + "`, the same value)"
              : "";
      auto report =
          sink_.report(file_, item, shown + " is already in this list" + spelling + effect);
      report.related(file_, first->second, "first listed here");
      if (++twice > most_fixes) continue;
      report.fix(FixKind::safe, "Remove the second " + (item.is_scalar() ? shown : what),
                 remove_item(*file_.document, list, item));
    }
  }

 private:
  const FileRef file_;
  Sink& sink_;
};

std::string text_of(YamlNode node) {
  return node.is_scalar() && !node.has_expression() ? "s" + std::string(node.text())
                                                    : std::string();
}

std::string text_without_case(YamlNode node) { return to_upper(text_of(node)); }

/// A schedule with its whole entry (a time zone may be part of it), and with the blanks between its
/// fields reduced to one.
std::string schedule_of(YamlNode node) {
  std::string whole;
  for (const Entry& entry : node.entries()) {
    whole += entry.key.text();
    whole += '=';
    for (const char character : entry.value.text()) {
      if (character != ' ' || !whole.ends_with(' ')) whole += character;
    }
    whole += ';';
  }
  return whole;
}

}  // namespace

void check_duplicate_entry(const Subject& subject, Sink& sink) {
  const FileRef file(subject);
  Finder finder(file, sink);
  finder.keys(file.document->root());
  if (subject.workflow == nullptr) return;
  const Workflow& workflow = *subject.workflow;

  finder.values(workflow.on.value, "event", "", text_of);
  for (const Trigger& trigger : workflow.triggers) {
    for (const Filter* filter :
         {&trigger.types, &trigger.branches, &trigger.branches_ignore, &trigger.tags,
          &trigger.tags_ignore, &trigger.paths, &trigger.paths_ignore, &trigger.workflows}) {
      if (!filter->entry.value.is_alias())
        finder.values(filter->entry.value, "filter", "", text_of);
    }
    if (!trigger.config.is_alias()) finder.values(trigger.config, "schedule", "", schedule_of);
  }
  for (const Job& job : workflow.jobs) {
    if (job.node.is_alias()) continue;
    finder.values(job.needs.value, "need", "", text_without_case);
    const std::string effect = "; the matrix runs a job twice with the same values";
    for (const MatrixAxis& axis : job.matrix.axes) {
      if (!axis.entry.value.is_alias()) finder.values(axis.entry.value, "value", effect, identity);
    }
    // With axes, a row that fits a combination is merged into it, and the second one changes
    // nothing.
    finder.values(job.matrix.include.value, "row", job.matrix.axes.empty() ? effect : "", identity);
  }
}

}  // namespace refgate::lint
