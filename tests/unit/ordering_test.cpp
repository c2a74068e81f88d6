#include "core/event/ordering.h"

#include <algorithm>
#include <set>

#include "catch.h"
#include "core/event/scope.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant at = Instant(1'800'000'123s);

Event event_about(EntityKind kind, const std::string& value) {
  Event event;
  event.kind = "push";
  event.repository = "octo/app";
  event.actor = "ann";
  event.entity = {kind, value};
  return event;
}

std::optional<std::string> key(std::string_view strategy, const Event& event, Instant when = at) {
  const auto parsed = parse_strategy(strategy);
  REQUIRE(std::holds_alternative<Strategy>(parsed));
  return group_key(std::get<Strategy>(parsed), event, when);
}

std::string refusal(std::string_view strategy) {
  const auto parsed = parse_strategy(strategy);
  const auto* error = std::get_if<std::string>(&parsed);
  return error == nullptr ? "" : *error;
}

}  // namespace

TEST_CASE("each strategy gives the keys of its row") {
  struct Row {
    std::string_view strategy;
    EntityKind kind;
    std::string value;
    std::optional<std::string> key;
  };
  const std::vector<Row> rows{
      {"none", EntityKind::pull_request, "7", std::nullopt},
      {"entity", EntityKind::pull_request, "7", "pr-octo/app-7"},
      {"entity", EntityKind::issue, "7", "issue-octo/app-7"},
      {"entity", EntityKind::branch, "feature/x", "branch-octo/app-feature/x"},
      {"entity", EntityKind::discussion, "7", "discussion-octo/app-7"},
      {"entity", EntityKind::tag, "v1", "tag-octo/app-v1"},
      {"entity", EntityKind::release, "9", "release-octo/app-9"},
      {"entity", EntityKind::repository, "", std::nullopt},
      {"entity", EntityKind::none, "", std::nullopt},
      {"repository", EntityKind::pull_request, "7", "repo-octo/app"},
      {"repository", EntityKind::none, "", "repo-octo/app"},
      {"user", EntityKind::pull_request, "7", "user-octo/app-ann"},
      {"entity-repository", EntityKind::pull_request, "7", "pr-octo/app-7"},
      {"entity-repository", EntityKind::repository, "", "repo-octo/app"},
      {"entity-repository", EntityKind::none, "", "repo-octo/app"},
      {"entity/1h", EntityKind::pull_request, "7", "pr-octo/app-7-p500000"},
      {"entity/1s", EntityKind::pull_request, "7", "pr-octo/app-7-p1800000123"},
      {"entity/1h", EntityKind::none, "", std::nullopt},
      {"team-{owner}-{name}-{number}", EntityKind::pull_request, "7", "team-octo-app-7"},
      {"{{{actor}}}", EntityKind::none, "", "{ann}"},
      {"x-{number}", EntityKind::branch, "main", std::nullopt},
      {"x-{branch}", EntityKind::branch, "main", "x-main"},
      {"x-{entity}", EntityKind::issue, "7", "x-issue-octo/app-7"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.strategy, row.value);
    CHECK(key(row.strategy, event_about(row.kind, row.value)) == row.key);
  }
}

TEST_CASE("a period begins a new group when it is over, and not before") {
  const Event event = event_about(EntityKind::issue, "7");
  const Instant start(1'800'000'000s);
  CHECK(key("entity/1h", event, start) == key("entity/1h", event, start + 59min));
  CHECK(key("entity/1h", event, start) != key("entity/1h", event, start + 60min));
  CHECK(key("entity/1h", event, start - 1s) != key("entity/1h", event, start));
}

TEST_CASE("a strategy that is none says what there is") {
  CHECK(refusal("entitty").find("did you mean \"entity\"") != std::string::npos);
  CHECK(refusal("team-a").find("entity-repository") != std::string::npos);
  CHECK(refusal("entity/soon").find("entity/1h") != std::string::npos);
  CHECK(refusal("entity/10ms").find("at least a second") != std::string::npos);
  CHECK(refusal("pr-{numer}").find("{numer}; known are {repo}, {owner}") != std::string::npos);
  CHECK_FALSE(refusal("pr-{number").empty());
  CHECK_FALSE(refusal("pr-number}").empty());
  CHECK_FALSE(refusal("").empty());
  for (const StrategyRow& row : strategy_table())
    if (row.kind != StrategyKind::entity_period) CHECK(refusal(row.name).empty());
}

TEST_CASE("keys of hostile names have refs of their own") {
  const std::vector<std::string> names{"a/b",
                                       "a b",
                                       "a%2Fb",
                                       "..",
                                       "a..b",
                                       "@{u}",
                                       "x.lock",
                                       ".x",
                                       "-x",
                                       "\x01",
                                       "\x01\x7f",
                                       "ÄÖ",
                                       "名前",
                                       "a\\b",
                                       "refs/x",
                                       "a:b",
                                       "~^:?*[",
                                       std::string(300, 'a'),
                                       std::string(301, 'a'),
                                       std::string(300, 'a') + "/x",
                                       "a//b",
                                       "/a",
                                       "a/",
                                       "7",
                                       "7-7"};
  std::set<std::string> refs;
  for (const std::string& name : names)
    for (const EntityKind kind : {EntityKind::branch, EntityKind::tag}) {
      const auto group = key("entity", event_about(kind, name));
      REQUIRE(group);
      CHECK(refs.insert(queue_ref(*group, "refgate")).second);
    }
  CHECK(queue_ref("pr-octo/app-7", "refgate") == "refs/refgate/queues/pr-octo%2Fapp-7");
}
