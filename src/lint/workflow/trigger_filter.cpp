#include "lint/workflow/trigger_filter.h"

#include <optional>

namespace refgate::lint {

std::vector<std::string> patterns_of(const Filter& filter) {
  std::vector<std::string> patterns;
  for (const YamlNode value : filter.values)
    patterns.emplace_back(value.text());
  return patterns;
}

EventFilter event_filter(const Trigger& trigger) {
  const auto read = [](const Filter& filter) {
    std::vector<std::string> patterns = patterns_of(filter);
    return patterns.empty() ? std::nullopt : std::optional(std::move(patterns));
  };
  return {read(trigger.branches),    read(trigger.branches_ignore), read(trigger.tags),
          read(trigger.tags_ignore), read(trigger.paths),           read(trigger.paths_ignore)};
}

std::string topic_branch(const EventFilter& filter) {
  const std::optional<FilterList> list = filter.branch_list();
  if (!list) return {};
  for (const char* name : {"topic", "someone/topic"}) {
    if (list->passes(name)) return name;
  }
  return common_name({&*list}).name.value_or("");
}

std::string reach_in_words(BranchReach reach) {
  switch (reach) {
    case BranchReach::everything:
      return "takes every branch";
    case BranchReach::unslashed:
      return "takes every branch without a `/`";
    case BranchReach::all_but:
      return "takes every branch but a few";
    case BranchReach::none:
    case BranchReach::literals:
    case BranchReach::patterns:
      break;
  }
  return "takes some branches";
}

bool is_broad(BranchReach reach) {
  return reach == BranchReach::everything || reach == BranchReach::unslashed ||
         reach == BranchReach::all_but;
}

}  // namespace refgate::lint
