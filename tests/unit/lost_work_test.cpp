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

/// For the sake of the claim "a" of run 1, or of what run `holder` had.
ReadEntry skip(const std::string& run, Duration at, const std::string& holder = "1",
               const std::string& code = "active_session") {
  AuditEntry entry;
  entry.kind = EntryKind::skip;
  entry.scope = scope;
  entry.event_type = "push";
  entry.timestamp = noon + at;
  entry.run_id = run;
  entry.holder_run_id = holder;
  entry.holder_claim_id = holder == "1" ? "a" : "of " + holder;
  entry.generation = 1;
  entry.reason_code = code;
  return {entry, true};
}

ReadEntry line(EntryKind kind, Duration at, const std::string& run, const std::string& status = {},
               const std::string& claim_id = "a") {
  AuditEntry entry;
  entry.kind = kind;
  entry.event_type = "push";
  entry.timestamp = noon + at;
  entry.run_id = run;
  entry.claim_id = claim_id;
  entry.job_status = status;
  if (kind == EntryKind::launch) entry.scope = scope;
  return {entry, true};
}

ReadEntry covering(ReadEntry read, std::vector<Cover> covers) {
  read.entry.covers = std::move(covers);
  return read;
}

ReadEntry at_door(ReadEntry read, const std::string& ref) {
  read.entry.scope = ref;
  return read;
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
    for (const BrokenPromise& broken : lost.skipped) {
      text += " " + broken.skip->run_id;
      if (broken.why != lost.why) text += " (" + std::string(name_of(broken.why)) + ")";
    }
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
      {"its own end was a skip, too",
       ended(ClaimOutcome::abandoned),
       false,
       {skip("13", 1min, "1", "queued"), skip("1", 20min, "", "wait_expired")},
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
      {"skipped for an earlier session that failed",
       ended(ClaimOutcome::cancelled),
       false,
       {skip("9", -1h, "8"), line(EntryKind::end, -30min, "8", "failure", "of 8")},
       "cancelled"},
      {"skipped for an earlier session that died",
       ended(ClaimOutcome::cancelled),
       false,
       {skip("9", -1h, "8"), line(EntryKind::lost, -30min, "8", "lost", "of 8")},
       "cancelled 9 (lease_passed)"},
      {"skipped for a session that was taken over, and which nobody finished",
       ended(ClaimOutcome::failure),
       false,
       {skip("9", -1h, "8"), line(EntryKind::end, -30min, "8", "cancelled", "of 8")},
       "cancelled 9"},
      {"and which is being done now",
       claim(ClaimState::active),
       false,
       {skip("9", -1h, "8"), line(EntryKind::end, -30min, "8", "cancelled", "of 8")},
       ""},
      {"and which was done",
       ended(ClaimOutcome::success),
       false,
       {skip("9", -1h, "8"), line(EntryKind::given_back, -30min, "8", "given_back", "of 8")},
       ""},
      {"a run that had a session of its own afterwards",
       ended(ClaimOutcome::failure),
       false,
       {skip("9", -1h, "8"), line(EntryKind::end, -50min, "8", "cancelled", "of 8"),
        line(EntryKind::launch, 0s, "9"), line(EntryKind::end, 10min, "9", "failure")},
       ""},
      {"a run that was told to skip again, for another",
       ended(ClaimOutcome::failure),
       false,
       {skip("9", -1h, "8"), line(EntryKind::end, -50min, "8", "cancelled", "of 8"),
        skip("9", 1min)},
       ""},
      {"done work that was freed by hand",
       ended(ClaimOutcome::released),
       false,
       {skip("2", 5min, "1", "already_done")},
       "released 2"},
      {"done before what is known",
       claim(ClaimState::active),
       false,
       {skip("2", -5min, "8", "already_done")},
       ""},
      {"a job of the very run",
       ended(ClaimOutcome::cancelled),
       false,
       {skip("1", 1min)},
       "cancelled"},
      {"only watched",
       ended(ClaimOutcome::cancelled),
       false,
       {[] {
         ReadEntry read = skip("2", 1min);
         read.entry.observed = true;
         return read;
       }()},
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

TEST_CASE("what is done for one pull request keeps no promise about another") {
  const std::vector<Cover> seven{{"7", "main"}}, eight{{"8", "main"}};
  const std::string door = scope + ",@for=8-main";
  Claim cancelled = claim(ClaimState::ended, ClaimOutcome::cancelled);
  Claim done = claim(ClaimState::ended, ClaimOutcome::success);
  done.claim_id = "b";
  const std::vector<ReadEntry> lines{covering(skip("2", 1min), seven),
                                     covering(skip("3", 2min), eight), skip("4", 3min)};
  const auto skipped = [&](std::vector<ScopeState> scopes, std::vector<ReadEntry> more) {
    std::vector<ReadEntry> all = lines;
    all.insert(all.end(), more.begin(), more.end());
    std::string text;
    for (const LostWork& lost : find_lost_work(scopes, all, noon + 1h))
      for (const BrokenPromise& broken : lost.skipped)
        text += broken.skip->run_id + " ";
    return text;
  };
  CHECK(skipped({{scope, &cancelled}}, {}) == "2 3 4 ");
  // A push is covered by any of its pull requests.
  done.covers = eight;
  CHECK(skipped({{scope, &cancelled}, {door, &done}}, {}) == "2 ");
  CHECK(skipped({{scope, &cancelled}, {scope + "+other", &done}}, {}) == "2 3 4 ");
  done.ambiguous = true;
  CHECK(skipped({{scope, &cancelled}, {door, &done}}, {}) == "2 3 4 ");
  // As it stood at the same door before the one that stands there now.
  const auto launch = [&](const std::string& code) {
    ReadEntry read =
        covering(at_door(line(EntryKind::launch, 4min, "5", "started", "b"), door), eight);
    read.entry.reason_code = code;
    return read;
  };
  const ReadEntry end = line(EntryKind::end, 5min, "5", "success", "b");
  CHECK(skipped({{scope, &cancelled}}, {launch("first"), end}) == "2 ");
  CHECK(skipped({{scope, &cancelled}}, {launch("same_run"), end}) == "2 3 4 ");
  CHECK(skipped({{scope, &cancelled}},
                {launch("first"), end, line(EntryKind::release, 6min, "5", "released", "b")}) ==
        "2 3 4 ");
}

TEST_CASE("of a broken promise one run is taken up, once, in the order of their arrival") {
  const std::vector<Cover> seven{{"7", "main"}}, eight{{"8", "main"}};
  const Claim cancelled = claim(ClaimState::ended, ClaimOutcome::cancelled);
  const std::vector<ScopeState> scopes{{scope, &cancelled}};
  const auto runs = [&](const std::vector<ReadEntry>& lines, const std::string& repository = {},
                        std::size_t most = 9) {
    std::string text;
    for (const Remaking& each :
         find_remakings(find_lost_work(scopes, lines, noon + 1h), lines, repository, most))
      text += each.skip->run_id + " ";
    return text;
  };
  std::vector<ReadEntry> lines{skip("2", 1min), skip("3", 2min), skip("4", 3min)};
  CHECK(runs(lines) == "2 ");
  CHECK(runs({covering(skip("2", 1min), seven), covering(skip("3", 2min), eight),
              skip("4", 3min)}) == "2 3 ");
  CHECK(runs({covering(skip("2", 1min), seven), covering(skip("3", 2min), eight)}, {}, 1) == "2 ");
  // Only what can be launched again by its id.
  CHECK(runs({skip("2; rm", 1min), skip("", 2min), skip("3", 3min)}) == "3 ");
  CHECK(runs({at_door(skip("2", 1min), scope + ",@in=octo%2Fapp")}, "octo/app") == "2 ");
  CHECK(runs({at_door(skip("2", 1min), scope + ",@in=octo%2Fapp")}, "octo/web").empty());

  const auto taken = find_remakings(find_lost_work(scopes, lines, noon + 1h), lines, {}, 9);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].line.kind == EntryKind::remade);
  CHECK(taken[0].line.timestamp == noon + 1min);
  CHECK(taken[0].line.id == remade_id(lines[2].entry));
  lines.push_back({taken[0].line, true});
  CHECK(runs(lines).empty());
  const auto lost = find_lost_work(scopes, lines, noon + 1h);
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].skipped[0].remade != nullptr);
  CHECK(lost[0].skipped[2].remade != nullptr);
  // Somebody was skipped for the sake of what it became; what was taken up before is not taken up
  // again.
  lines.push_back(skip("6", 20min, "2"));
  lines.push_back(line(EntryKind::end, 21min, "2", "cancelled", "of 2"));
  CHECK(runs(lines) == "6 ");
}

TEST_CASE("those who were skipped for a claim are known by its id") {
  const std::vector<ReadEntry> lines{skip("2", 1min), skip("3", 2min, "8"), skip("2", 3min),
                                     skip("4", 4min, "1", "budget")};
  const auto found = skips_for(lines, "a");
  REQUIRE(found.size() == 1);
  CHECK(found[0]->run_id == "2");
  CHECK(found[0]->timestamp == noon + 3min);
}
