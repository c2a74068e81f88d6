#pragma once
// Which sessions are processed in order: the key of the group that an event belongs to, by
// strategy.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/event/event.h"
#include "core/text/time.h"

namespace refgate {

enum class StrategyKind {
  none,               ///< no order: every session by itself
  entity,             ///< one pull request, issue, discussion, branch, tag or release
  repository,         ///< everything in the repository
  user,               ///< what one person or bot causes in the repository
  entity_repository,  ///< the entity, or the repository where the event has none
  entity_period,      ///< the entity, a new group with each period
  custom,             ///< a template of the user's
};

struct Strategy {
  StrategyKind kind = StrategyKind::none;
  Duration period{};    ///< of entity_period
  std::string pattern;  ///< of custom
  bool operator==(const Strategy&) const = default;
};

/// One row of the table of strategies.
struct StrategyRow {
  std::string_view name;
  StrategyKind kind;
  std::string_view keys;  ///< for people: the form of its keys
};

std::span<const StrategyRow> strategy_table();

/// "none", "entity", "repository", "user", "entity-repository", "entity/<span>", or a template with
/// at least one {placeholder}. The error is one sentence that names what is known.
std::variant<Strategy, std::string> parse_strategy(std::string_view text);

/// The group's key; nullopt when the strategy finds none for this event (no entity, nobody who
/// caused it, a placeholder without a value), which is then processed by itself. `{repo}` is
/// "owner/name". What is brought about from outside stands in lines of its own, whose keys begin
/// with "outside: ", so that it never delays the repository's own. Keys are text of any characters;
/// core/event/scope.h makes refs of them.
std::optional<std::string> group_key(const Strategy& strategy, const Event& event, Instant now);

/// What ends a group's session: whatever comes first.
struct SessionLimits {
  Duration max_duration = std::chrono::hours(2);
  unsigned max_events = 1000;
  Duration idle_timeout = std::chrono::minutes(30);
  bool operator==(const SessionLimits&) const = default;
};

/// A row of the configuration's table of bots.
struct Bot {
  std::string strategy;  ///< text for parse_strategy; empty: none
  SessionLimits limits;
  bool operator==(const Bot&) const = default;
};

/// "dependabot" for "dependabot[bot]": the name under which a login may also stand in the table of
/// bots.
std::string_view without_bot_suffix(std::string_view login);

}  // namespace refgate
