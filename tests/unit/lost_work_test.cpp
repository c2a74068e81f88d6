#include "core/figures/lost_work.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");
const std::string scope = "refs/refgate/claims/commit/a";

Claim claim(ClaimState state, ClaimOutcome outcome = ClaimOutcome::none) {
  Claim made;
  made.claim_id = "a";
  made.state = state;
  made.outcome = outcome;
  made.holder.run_id = "1";
  made.claimed_at = noon;
  made.lease_until = noon + 6h;
  made.limits.skew = 60s;
  if (state == ClaimState::ended) made.ended_at = noon + 10min;
  return made;
}

ReadEntry skip(const std::string& run, Duration at, const std::string& holder = "1",
               const std::string& code = "active_session") {
  AuditEntry entry;
  entry.kind = EntryKind::skip;
  entry.scope = scope;
  entry.timestamp = noon + at;
  entry.run_id = run;
  entry.holder_run_id = holder;
  entry.reason_code = code;
  return {entry, true};
}

struct Row {
  const char* what;
  std::optional<Claim> stands;
  bool run_ended = false;
  std::vector<ReadEntry> lines;
  std::string found;  ///< the reason, and the runs that were skipped; empty: nothing is lost
};

std::string told(const Row& row, Duration at) {
  std::vector<ScopeState> scopes;
  if (row.stands) scopes.push_back({scope, &*row.stands, row.run_ended});
  std::string text;
  for (const LostWork& lost : find_lost_work(scopes, row.lines, noon + at)) {
    text += std::string(name_of(lost.why));
    for (const AuditEntry* entry : lost.skipped)
      text += " " + entry->run_id;
    CHECK_FALSE(words_of(lost.why).empty());
  }
  return text;
}

}  // namespace

TEST_CASE(
    "work that nobody does and nobody has done is lost, with those that were skipped for it") {
  const auto ended = [](ClaimOutcome outcome) { return claim(ClaimState::ended, outcome); };
  const std::vector<Row> rows{
      {"a session that lives", claim(ClaimState::active), false, {skip("2", 1min)}, ""},
      {"one whose run has ended",
       claim(ClaimState::active),
       true,
       {skip("2", 1min)},
       "run_ended 2"},
      {"a place in line", claim(ClaimState::waiting), false, {}, ""},
      {"done", ended(ClaimOutcome::success), false, {skip("2", 1min)}, ""},
      {"failed", ended(ClaimOutcome::failure), false, {skip("2", 1min)}, ""},
      {"cancelled", ended(ClaimOutcome::cancelled), false, {}, "cancelled"},
      {"cancelled, and others were skipped",
       ended(ClaimOutcome::cancelled),
       false,
       {skip("2", 1min), skip("3", 2min), skip("3", 3min)},
       "cancelled 2 3"},
      {"freed by hand", ended(ClaimOutcome::released), false, {}, "released"},
      {"a wait that ran out",
       ended(ClaimOutcome::abandoned),
       false,
       {skip("13", 1min, "1", "queued")},
       "never_started 13"},
      {"a wait that ran out after a failure",
       ended(ClaimOutcome::failure),
       false,
       {skip("13", 20min, "12", "queued")},
       "given_up 13"},
      {"a failure that was told",
       ended(ClaimOutcome::failure),
       false,
       {skip("13", 20min, "1", "retry_suppressed")},
       ""},
      {"skipped for an earlier session",
       ended(ClaimOutcome::cancelled),
       false,
       {skip("9", -1h, "8")},
       "cancelled"},
      {"a claim that was deleted", std::nullopt, false, {skip("2", 1min)}, "gone 2"},
      {"nothing stands, and nobody was promised anything",
       std::nullopt,
       false,
       {skip("2", 1min, "1", "budget")},
       ""},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(told(row, 30min) == row.found);
  }
  const Row live{"", claim(ClaimState::active), false, {skip("2", 1min)}, ""};
  CHECK(told(live, 6h).empty());
  CHECK(told(live, 6h + 60s) == "lease_passed 2");
}

TEST_CASE("a claim that is gone is no loss when its work is known to have ended") {
  AuditEntry launch = skip("1", 0s).entry;
  launch.kind = EntryKind::launch;
  launch.claim_id = "a";
  AuditEntry end = launch;
  end.kind = EntryKind::end;
  end.scope.clear();
  end.timestamp = noon + 5min;
  for (const auto& [status, count] : {std::pair("success", 0), {"failure", 0}, {"cancelled", 1}}) {
    end.job_status = status;
    const std::vector<ReadEntry> lines{{launch, true}, skip("2", 1min), {end, true}};
    CHECK(find_lost_work({}, lines, noon + 1h).size() == static_cast<std::size_t>(count));
  }
}

TEST_CASE("work for whose sake somebody was skipped stands before the rest, and then the newest") {
  std::vector<Claim> claims(3, claim(ClaimState::ended, ClaimOutcome::cancelled));
  claims[1].claimed_at = noon + 5min;
  const std::vector<ScopeState> scopes{{"refs/refgate/claims/x", &claims[0]},
                                       {"refs/refgate/claims/y", &claims[1]},
                                       {scope, &claims[2]}};
  const auto lost = find_lost_work(scopes, std::vector{skip("2", 1min)}, noon + 1h);
  REQUIRE(lost.size() == 3);
  CHECK(lost[0].ref == scope);
  CHECK(lost[1].ref == "refs/refgate/claims/y");
}
