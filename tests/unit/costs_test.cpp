#include "core/figures/costs.h"

#include "catch.h"
#include "core/figures/metrics.h"
#include "core/figures/statistics.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");

struct Made {
  EntryKind kind;
  std::string claim;
  Spent spent;
  std::string workflow = "Review";
  std::string code;
  bool observed = false;
};

std::vector<ReadEntry> lines(const std::vector<Made>& all) {
  std::vector<ReadEntry> made;
  for (const Made& one : all) {
    AuditEntry entry;
    entry.kind = one.kind;
    entry.claim_id = one.claim;
    entry.generation = 1;
    entry.timestamp = noon + std::chrono::seconds(made.size());
    entry.workflow = one.workflow;
    entry.event_type = "push";
    entry.actor = "ann";
    entry.run_id = "run-of-" + one.claim;
    entry.executed = one.kind != EntryKind::skip || one.observed;
    entry.observed = one.observed;
    entry.reason_code = one.code;
    entry.job_status = "success";
    entry.spent = one.spent;
    entry.id = entry_id(one.claim, 1, one.kind, one.code);
    made.push_back({entry, true});
  }
  return made;
}

Spent usd(std::uint64_t cents) { return {Usd{cents * 10'000}, std::nullopt}; }

Statistics counted(const std::vector<Made>& all) { return count_record(lines(all), {}, noon, 60s); }

}  // namespace

TEST_CASE("costs are summed by day, workflow, event and actor, and who said nothing is counted") {
  const auto s = counted({{EntryKind::launch, "a", {}},
                          {EntryKind::end, "a", {Usd{1'230'000}, 45'000}},
                          {EntryKind::launch, "b", {}, "Docs"},
                          {EntryKind::end, "b", usd(10), "Docs"},
                          {EntryKind::launch, "c", {}},
                          {EntryKind::end, "c", {}},
                          {EntryKind::launch, "d", {}},
                          {EntryKind::lost, "d", {}}});
  CHECK(s.total.costs.cost == Usd{1'330'000});
  CHECK(s.total.costs.tokens == 45'000);
  CHECK(s.total.costs.with_cost == 2);
  CHECK(s.total.costs.without_cost == 2);
  CHECK(s.total.costs.without_tokens == 3);
  CHECK(s.by_workflow.at("Docs").costs.cost == Usd{100'000});
  CHECK(s.by_day.at("2026-11-22").costs.cost == Usd{1'330'000});
  CHECK(s.by_event.at("push").costs.cost == Usd{1'330'000});
  CHECK(s.by_actor.at("ann").costs.cost == Usd{1'330'000});
}

TEST_CASE("what skips saved is their number times the mean of their workflow") {
  const auto s = counted({{EntryKind::end, "a", usd(100)},
                          {EntryKind::end, "b", usd(300)},
                          {EntryKind::end, "x", {}},
                          {EntryKind::end, "c", usd(1000), "Docs"},
                          {EntryKind::skip, "d", {}, "Review", "already_done"},
                          {EntryKind::skip, "e", {}, "Review", "active_session"},
                          {EntryKind::skip, "f", {}, "Review", "budget"},
                          {EntryKind::skip, "g", {}, "Unknown", "already_done"},
                          {EntryKind::skip, "h", {}, "Docs", "already_done", true}});
  CHECK(saved_cost(s).cost == Usd{4'000'000});
  CHECK(saved_cost(s).sessions == 2);
  CHECK(saved_cost(s).measured == 2);
  CHECK(cost_to_be_saved(s).cost == Usd{10'000'000});
  CHECK(!saved_cost(counted({{EntryKind::skip, "d", {}, "Review", "already_done"}})).is_known());
}

TEST_CASE("a cost that is said twice counts once") {
  // The end says what the line by hand said.
  const auto both = counted({{EntryKind::launch, "a", {}},
                             {EntryKind::audit, "a", usd(50)},
                             {EntryKind::end, "a", usd(50)}});
  CHECK(both.total.costs.cost == Usd{500'000});
  CHECK(both.total.costs.with_cost == 1);
  // The end says nothing, or there is none.
  const auto by_hand = counted(
      {{EntryKind::launch, "a", {}}, {EntryKind::audit, "a", usd(50)}, {EntryKind::end, "a", {}}});
  CHECK(by_hand.total.costs.cost == Usd{500'000});
  CHECK(by_hand.total.costs.without_cost == 0);
  const auto alone = counted({{EntryKind::launch, "a", {}}, {EntryKind::audit, "a", usd(50)}});
  CHECK(alone.total.costs.cost == Usd{500'000});
  CHECK(alone.total.sessions == 1);
  // Nothing but the line by hand.
  CHECK(counted({{EntryKind::audit, "", usd(50)}}).total.costs.cost == Usd{500'000});
}

TEST_CASE("what was only observed did cost") {
  const auto s = counted({{EntryKind::skip, "b", {}, "Review", "active_session", true},
                          {EntryKind::end, "b", usd(70), "Review", "", true}});
  CHECK(s.total.costs.cost == Usd{700'000});
}

TEST_CASE("anybody's numbers add up to the most that can be told") {
  std::vector<Made> many;
  for (int i = 0; i < 3; ++i)
    many.push_back({EntryKind::end, std::to_string(i), {Usd{UINT64_MAX / 2}, UINT64_MAX / 2}});
  const auto s = counted(many);
  CHECK(s.total.costs.cost.millionths == UINT64_MAX);
  CHECK(s.total.costs.tokens == UINT64_MAX);
}

TEST_CASE("metrics tell what sessions cost") {
  const auto s = counted({{EntryKind::end, "a", {Usd{1'230'000}, 45'000}},
                          {EntryKind::end, "b", usd(77)},
                          {EntryKind::end, "c", {}, "Docs"}});
  const std::string text = metrics_text({.statistics = s});
  CHECK(text.find("\nrefgate_session_cost_usd_total 2.00\n") != std::string::npos);
  CHECK(text.find("\nrefgate_session_tokens_total 45000\n") != std::string::npos);
  CHECK(text.find("\nrefgate_sessions_without_cost_total 1\n") != std::string::npos);
  CHECK(text.find("\nrefgate_workflow_cost_usd_total{workflow=\"Review\"} 2.00\n") !=
        std::string::npos);
}
