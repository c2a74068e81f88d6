#include "core/event/ordering.h"

#include <array>
#include <vector>

#include "core/words/nearest.h"

namespace refgate {
namespace {

constexpr std::array<StrategyRow, 6> rows{{
    {"none", StrategyKind::none, "every session by itself"},
    {"entity", StrategyKind::entity,
     "pr-{repo}-{number}, issue-{repo}-{number}, branch-{repo}-{branch}; discussion-, tag- and "
     "release- alike"},
    {"repository", StrategyKind::repository, "repo-{repo}"},
    {"user", StrategyKind::user, "user-{repo}-{actor}"},
    {"entity-repository", StrategyKind::entity_repository,
     "as entity; repo-{repo} for an event that has none"},
    {"entity/<span>", StrategyKind::entity_period,
     "as entity, followed by -p{seconds since 1970 / span}"},
}};

std::string entity_key(const Event& event) {
  std::string_view prefix;
  switch (event.entity.kind) {
    case EntityKind::pull_request:
      prefix = "pr-";
      break;
    case EntityKind::issue:
      prefix = "issue-";
      break;
    case EntityKind::discussion:
      prefix = "discussion-";
      break;
    case EntityKind::branch:
      prefix = "branch-";
      break;
    case EntityKind::tag:
      prefix = "tag-";
      break;
    case EntityKind::release:
      prefix = "release-";
      break;
    case EntityKind::none:
    case EntityKind::repository:
      return {};
  }
  return event.entity.value.empty()
             ? std::string()
             : std::string(prefix) + event.repository + "-" + event.entity.value;
}

struct Placeholder {
  std::string_view name;
  std::string (*value)(const Event&);
};

bool has_number(EntityKind kind) {
  return kind == EntityKind::pull_request || kind == EntityKind::issue ||
         kind == EntityKind::discussion;
}

constexpr std::array<Placeholder, 13> placeholders{{
    {"repo", [](const Event& event) { return event.repository; }},
    {"owner",
     [](const Event& event) { return event.repository.substr(0, event.repository.find('/')); }},
    {"name",
     [](const Event& event) { return event.repository.substr(event.repository.find('/') + 1); }},
    {"entity", [](const Event& event) { return entity_key(event); }},
    {"number",
     [](const Event& event) {
       return has_number(event.entity.kind) ? event.entity.value : std::string();
     }},
    {"branch",
     [](const Event& event) {
       return event.entity.kind == EntityKind::branch ? event.entity.value : std::string();
     }},
    {"tag",
     [](const Event& event) {
       return event.entity.kind == EntityKind::tag ? event.entity.value : std::string();
     }},
    {"actor", [](const Event& event) { return event.actor; }},
    {"event", [](const Event& event) { return event.kind; }},
    {"action", [](const Event& event) { return event.action; }},
    {"commit", [](const Event& event) { return event.head_commit; }},
    {"workflow", [](const Event& event) { return event.workflow; }},
    {"job", [](const Event& event) { return event.job; }},
}};

/// Calls `text` and `placeholder` for the pieces of a template, in order; "{{" and "}}" stand for
/// braces. An error, when there is one.
template <typename Text, typename Name>
std::optional<std::string> for_each_piece(std::string_view pattern, Text text, Name placeholder) {
  while (!pattern.empty()) {
    const std::size_t brace = pattern.find_first_of("{}");
    text(pattern.substr(0, brace));
    if (brace == std::string_view::npos) return std::nullopt;
    const char found = pattern[brace];
    pattern.remove_prefix(brace + 1);
    if (!pattern.empty() && pattern.front() == found) {
      text(pattern.substr(0, 1));
      pattern.remove_prefix(1);
      continue;
    }
    const std::size_t end = found == '{' ? pattern.find('}') : std::string_view::npos;
    if (end == std::string_view::npos)
      return std::string("it has a \"") + found +
             "\" that belongs to nothing (a brace itself is written twice)";
    if (auto error = placeholder(pattern.substr(0, end))) return error;
    pattern.remove_prefix(end + 1);
  }
  return std::nullopt;
}

const Placeholder* find_placeholder(std::string_view name) {
  for (const Placeholder& row : placeholders)
    if (row.name == name) return &row;
  return nullptr;
}

std::string known_placeholders() {
  std::string names;
  for (const Placeholder& row : placeholders)
    names += (names.empty() ? "{" : ", {") + std::string(row.name) + "}";
  return names;
}

std::optional<std::string> check_pattern(std::string_view pattern) {
  return for_each_piece(
      pattern, [](std::string_view) {},
      [](std::string_view name) -> std::optional<std::string> {
        if (find_placeholder(name) != nullptr) return std::nullopt;
        return "it has no placeholder {" + std::string(name) + "}; known are " +
               known_placeholders();
      });
}

std::optional<std::string> filled(std::string_view pattern, const Event& event) {
  std::string key;
  bool lacking = false;
  for_each_piece(
      pattern, [&](std::string_view text) { key += text; },
      [&](std::string_view name) -> std::optional<std::string> {
        const Placeholder* row = find_placeholder(name);
        const std::string value = row == nullptr ? std::string() : row->value(event);
        lacking = lacking || value.empty();
        key += value;
        return std::nullopt;
      });
  if (lacking) return std::nullopt;
  return key;
}

std::optional<std::string> unless_empty(std::string key) {
  if (key.empty()) return std::nullopt;
  return key;
}

}  // namespace

std::span<const StrategyRow> strategy_table() { return rows; }

std::string_view without_bot_suffix(std::string_view login) {
  static constexpr std::string_view suffix = "[bot]";
  return login.ends_with(suffix) ? login.substr(0, login.size() - suffix.size()) : login;
}

std::variant<Strategy, std::string> parse_strategy(std::string_view text) {
  static constexpr std::string_view period = "entity/";
  const std::string quoted = "the ordering strategy \"" + std::string(text) + "\" ";
  for (const StrategyRow& row : rows)
    if (row.name == text && row.kind != StrategyKind::entity_period)
      return Strategy{row.kind, {}, {}};
  if (text.starts_with(period) && text.find('{') == std::string_view::npos) {
    const auto span = parse_duration(text.substr(period.size()));
    if (!span || *span < std::chrono::seconds(1))
      return quoted + "must end in a span of time of at least a second, such as entity/1h";
    return Strategy{StrategyKind::entity_period, *span, {}};
  }
  if (text.find_first_of("{}") == std::string_view::npos) {
    std::vector<std::string_view> names;
    std::string known;
    for (const StrategyRow& row : rows) {
      names.push_back(row.name);
      known += std::string(row.name) + ", ";
    }
    const std::string near(nearest(text, names));
    return quoted + "is not known" + (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
           "; there are " + known + "and templates such as team-{owner}-{number}";
  }
  if (const auto error = check_pattern(text)) return quoted + "cannot be used: " + *error;
  return Strategy{StrategyKind::custom, {}, std::string(text)};
}

namespace {

std::optional<std::string> key_of(const Strategy& strategy, const Event& event, Instant now) {
  if (event.repository.empty() && strategy.kind != StrategyKind::custom) return std::nullopt;
  switch (strategy.kind) {
    case StrategyKind::none:
      return std::nullopt;
    case StrategyKind::entity:
      return unless_empty(entity_key(event));
    case StrategyKind::repository:
      return "repo-" + event.repository;
    case StrategyKind::user:
      if (event.actor.empty()) return std::nullopt;
      return "user-" + event.repository + "-" + event.actor;
    case StrategyKind::entity_repository: {
      const std::string key = entity_key(event);
      return key.empty() ? "repo-" + event.repository : key;
    }
    case StrategyKind::entity_period: {
      const std::string key = entity_key(event);
      if (key.empty()) return std::nullopt;
      return key + "-p" + std::to_string(now.time_since_epoch() / strategy.period);
    }
    case StrategyKind::custom:
      return filled(strategy.pattern, event);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> group_key(const Strategy& strategy, const Event& event, Instant now) {
  auto key = key_of(strategy, event, now);
  if (key && event.charged_to == Trust::outside) key->insert(0, "outside: ");
  return key;
}

}  // namespace refgate
