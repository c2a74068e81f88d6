#include "core/figures/statistics.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");

struct Made {
  EntryKind kind;
  std::string claim;
  std::string word;  ///< the reason code of a launch or skip, else the status
  Duration at = 0s;
  unsigned attempt = 1;
  Duration took = 0s;
  std::string workflow = "Review";
  std::string event = "push";
  bool observed = false;
};

ReadEntry line(const Made& made) {
  AuditEntry entry;
  entry.kind = made.kind;
  entry.claim_id = made.claim;
  entry.generation = 1;
  entry.timestamp = noon + made.at;
  entry.workflow = made.workflow;
  entry.event_type = made.event;
  entry.session_key = "key-of-" + made.workflow;
  entry.run_id = "run-of-" + made.claim;
  entry.run_attempt = made.attempt;
  entry.scope = "refs/refgate/claims/" + made.claim;
  entry.observed = made.observed;
  entry.executed = made.kind != EntryKind::skip || made.observed;
  (made.kind == EntryKind::launch || made.kind == EntryKind::skip ? entry.reason_code
                                                                  : entry.job_status) = made.word;
  if (made.kind == EntryKind::end) entry.duration = made.took;
  entry.id = entry_id(made.claim, 1, made.kind, made.word);
  return {entry, true};
}

std::vector<ReadEntry> lines(const std::vector<Made>& all) {
  std::vector<ReadEntry> made;
  for (const Made& one : all)
    made.push_back(line(one));
  return made;
}

Statistics counted(const std::vector<Made>& all) { return count_record(lines(all), {}, noon, 60s); }

}  // namespace

TEST_CASE("sessions, saved ones, suppressed retries and closures are counted once each") {
  const auto s = counted({
      {EntryKind::launch, "a", "first"},
      {EntryKind::skip, "b", "active_session"},
      {EntryKind::skip, "c", "pr_lock", 0s, 1, 0s, "Review", "pull_request"},
      {EntryKind::end, "a", "success", 5min, 1, 5min},
      {EntryKind::skip, "d", "already_done", 6min},
      {EntryKind::skip, "e", "already_done", 7min, 2},
      {EntryKind::launch, "f", "first", 8min, 1, 0s, "Docs"},
      {EntryKind::end, "f", "failure", 9min, 1, 1min, "Docs"},
      {EntryKind::skip, "g", "retry_suppressed", 10min, 1, 0s, "Docs"},
      {EntryKind::launch, "h", "takeover", 24h},
  });
  CHECK(s.total.sessions == 3);
  CHECK(s.total.takeovers == 1);
  CHECK(s.total.prevented == 4);
  CHECK(s.total.held_back == 1);
  CHECK(s.total.held_back_by_reason.at("retry_suppressed") == 1);
  CHECK(s.total.asked() == 8);
  CHECK(s.total.early_exits == 5);
  CHECK(s.total.retries_suppressed == 2);
  CHECK(s.total.closed == std::map<std::string, std::uint64_t>{{"failure", 1}, {"success", 1}});
  CHECK(s.total.by_reason.at("already_done") == 2);
  CHECK(s.by_day.at("2026-11-22").sessions == 2);
  CHECK(s.by_day.at("2026-11-23").sessions == 1);
  CHECK(s.by_workflow.at("Docs").prevented == 0);
  CHECK(s.by_workflow.at("Docs").held_back == 1);
  CHECK(s.by_event.at("pull_request").prevented == 1);
  CHECK(s.first_activity == noon);
  CHECK(s.last_activity == noon + 24h);
  CHECK(s.duplicates_allowed == 0);
}

TEST_CASE("what a person did is of no workflow, event or caller") {
  const auto s = counted({
      {EntryKind::launch, "a", "first"},
      {EntryKind::release, "a", "released", 1min, 1, 0s, "", ""},
      {EntryKind::pause, "", "paused", 2min, 1, 0s, "", ""},
      {EntryKind::resume, "", "resumed", 3min, 1, 0s, "", ""},
  });
  CHECK(s.total.closed == std::map<std::string, std::uint64_t>{{"released", 1}});
  CHECK(s.lines == 4);
  for (const auto* groups : {&s.by_workflow, &s.by_event})
    CHECK((groups->size() == 1 && !groups->contains("")));
}

TEST_CASE("what was only observed is no session, no skip and no duplicate, and is counted apart") {
  const auto s = counted({
      {EntryKind::launch, "a", "first"},
      {EntryKind::skip, "b", "active_session", 1min, 1, 0s, "Review", "push", true},
      {EntryKind::skip, "c", "budget", 2min, 1, 0s, "Review", "push", true},
      {EntryKind::end, "b", "success", 3min, 1, 2min, "Review", "push", true},
      {EntryKind::end, "a", "success", 5min, 1, 4min},
  });
  CHECK(s.total.sessions == 1);
  CHECK(s.total.prevented == 0);
  CHECK(s.total.held_back == 0);
  CHECK(s.total.observed == 2);
  CHECK(s.total.observed_duplicates == 1);
  CHECK(s.total.observed_by_reason.at("budget") == 1);
  CHECK(s.total.asked() == 3);
  CHECK(s.total.closed == std::map<std::string, std::uint64_t>{{"success", 1}});
  CHECK(s.duplicates_allowed == 0);
  CHECK(time_to_be_saved(s).sessions == 1);
  CHECK(time_to_be_saved(s).time == 2min);
  CHECK(!saved_time(s).is_known());
}

TEST_CASE("a session that was taken for lost, and ended, is closed once") {
  const auto s = counted({{EntryKind::launch, "a", "first"},
                          {EntryKind::lost, "a", "lost", 1min},
                          {EntryKind::end, "a", "success", 2min, 1, 2min}});
  CHECK(s.total.closed == std::map<std::string, std::uint64_t>{{"success", 1}});
  const auto released = counted({{EntryKind::launch, "a", "first"},
                                 {EntryKind::release, "a", "released", 1min},
                                 {EntryKind::lost, "a", "lost", 2min}});
  CHECK(released.total.closed == std::map<std::string, std::uint64_t>{{"released", 1}});
}

TEST_CASE("a launch that was given back is no session") {
  const auto s = counted({{EntryKind::launch, "a", "first"},
                          {EntryKind::given_back, "a", "given_back", 1min},
                          {EntryKind::launch, "b", "first", 2min},
                          {EntryKind::end, "b", "timed_out", 3min}});
  CHECK(s.total.sessions == 1);
  CHECK(s.total.prevented == 0);
  CHECK(s.total.closed == std::map<std::string, std::uint64_t>{{"failure", 1}});
}

TEST_CASE("a line written by hand counts where nothing else tells of its run") {
  Made hand{EntryKind::audit, "a", "success"};
  CHECK(counted({hand}).total.sessions == 1);
  CHECK(counted({hand}).total.closed.at("success") == 1);
  const auto both =
      counted({{EntryKind::launch, "a", "first"}, {EntryKind::end, "a", "success"}, hand});
  CHECK(both.total.sessions == 1);
  CHECK(both.total.closed.at("success") == 1);
  auto skipped = lines({hand});
  skipped[0].entry.executed = false;
  CHECK(count_record(skipped, {}, noon, 60s).total.prevented == 1);
  CHECK(count_record(skipped, {}, noon, 60s).total.early_exits == 0);
}

TEST_CASE("lines by hand count once a run and attempt, and beside no launch of it") {
  const Made hand{EntryKind::audit, "a", "success"};
  Made again = hand;
  again.word = "failure";
  Made second = hand;
  second.attempt = 2;
  const Made other{EntryKind::audit, "b", "success"};
  CHECK(counted({hand, again}).total.sessions == 1);
  CHECK(counted({hand, again}).total.closed ==
        std::map<std::string, std::uint64_t>{{"success", 1}});
  CHECK(counted({hand, second}).total.sessions == 2);
  CHECK(counted({hand, other}).total.sessions == 2);
  CHECK(counted({{EntryKind::launch, "a", "first"}, hand, second}).total.sessions == 2);
  CHECK(counted({{EntryKind::skip, "a", "active_session"}, hand}).total.sessions == 1);
  auto skipped = lines({hand, again, second});
  for (ReadEntry& read : skipped)
    read.entry.executed = false;
  CHECK(count_record(skipped, {}, noon, 60s).total.prevented == 2);
}

TEST_CASE("lines before the period are known, and not counted") {
  const auto made = lines({{EntryKind::launch, "a", "first"},
                           {EntryKind::end, "a", "success", 1min, 1, 1min},
                           {EntryKind::audit, "a", "success", 2min},
                           {EntryKind::audit, "b", "success", 3min}});
  const Statistics s = count_record(made, {}, noon + 1h, 60s, noon + 90s);
  CHECK(s.total.sessions == 1);
  CHECK(s.lines == 2);
  CHECK(s.first_activity == noon + 2min);
}

TEST_CASE("saved time is told only of workflows in which something ended") {
  const auto s = counted({{EntryKind::launch, "a", "first"},
                          {EntryKind::end, "a", "success", 10min, 1, 10min},
                          {EntryKind::skip, "b", "already_done", 11min},
                          {EntryKind::skip, "c", "pr_lock", 12min},
                          {EntryKind::skip, "d", "budget", 13min},
                          {EntryKind::skip, "e", "active_session", 14min, 1, 0s, "Docs"}});
  CHECK(saved_time(s).time == 20min);
  CHECK(saved_time(s).sessions == 2);
  CHECK(saved_time(s).measured == 1);
  CHECK_FALSE(saved_time(counted({{EntryKind::skip, "b", "already_done"}})).is_known());
}

TEST_CASE("percentiles are the nearest rank") {
  DurationCounts counts;
  CHECK(counts.percentile(50) == 0s);
  for (int i = 1; i <= 10; ++i)
    counts.sorted.push_back(std::chrono::seconds(i));
  CHECK(counts.percentile(0) == 1s);
  CHECK(counts.percentile(50) == 5s);
  CHECK(counts.percentile(90) == 9s);
  CHECK(counts.percentile(91) == 10s);
  CHECK(counts.percentile(100) == 10s);
}

TEST_CASE("sessions and groups are listed with the hottest first") {
  auto made = lines({{EntryKind::launch, "a", "first", 0s, 1, 0s, "Cold"},
                     {EntryKind::launch, "b", "first", 1s},
                     {EntryKind::skip, "c", "active_session", 2s},
                     {EntryKind::skip, "d", "active_session", 3s}});
  made[1].entry.group = "pr-octo/app-7";
  Claim claim;
  claim.claim_id = "d";
  claim.group = "pr-octo/app-7";
  claim.state = ClaimState::active;
  claim.lease_until = noon + 1h;
  const std::vector<const Claim*> claims{&claim};
  const Statistics s = count_record(made, claims, noon, 60s);
  REQUIRE(s.sessions.size() == 2);
  CHECK(s.sessions[0].name == "key-of-Review");
  CHECK(s.sessions[0].sessions == 1);
  CHECK(s.sessions[0].prevented == 2);
  CHECK(s.sessions[0].last == noon + 3s);
  REQUIRE(s.groups.size() == 1);
  CHECK(s.groups[0].asked() == 2);
}

TEST_CASE("live claims are counted by state, and lost ones apart") {
  std::vector<Claim> made(5);
  for (Claim& claim : made)
    claim.lease_until = noon + 1h;
  made[0].state = ClaimState::active;
  made[1].state = ClaimState::waiting;
  made[1].group = "g";
  made[2].state = ClaimState::held;
  made[3].state = ClaimState::active;
  made[3].lease_until = noon - 1h;
  made[4].state = ClaimState::ended;
  std::vector<const Claim*> claims;
  for (const Claim& claim : made)
    claims.push_back(&claim);
  const LiveCounts live = count_record({}, claims, noon, 60s).live;
  CHECK(live.active == 1);
  CHECK(live.held == 1);
  CHECK(live.waiting == 1);
  CHECK(live.lost == 1);
  CHECK(live.queued.at("g") == 1);
}

TEST_CASE("duplicates that ran and lines that were altered are told") {
  auto made = lines({{EntryKind::launch, "a", "first"}, {EntryKind::launch, "b", "first", 1s}});
  made[0].entry.scope = made[1].entry.scope = "refs/refgate/claims/same";
  made[1].digest_fits = false;
  const Statistics s = count_record(made, {}, noon, 60s);
  CHECK(s.duplicates_allowed == 1);
  CHECK(s.altered == 1);
  CHECK(s.lines == 2);
}

TEST_CASE("what the claims say that is in no record is summed, as far as it may be of the period") {
  Claim early;
  early.renewed_at = noon - 2h;
  early.left_out = 3;
  Claim ended = early;
  ended.ended_at = noon;
  ended.left_out = 40;
  Claim late = early;
  late.renewed_at = noon + 1h;
  late.left_out = 500;
  const std::vector<const Claim*> all{&early, &ended, &late};
  CHECK(count_record({}, all, noon, 60s).left_out == 543);
  CHECK(count_record({}, all, noon, 60s, noon).left_out == 540);
  CHECK(count_record({}, all, noon, 60s, noon + 2h).left_out == 0);
}
