#include "core/figures/verification.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");
constexpr Duration skew = 60s;

ReadEntry line(EntryKind kind, const std::string& claim, std::uint64_t generation,
               Duration after_noon, const std::string& word = "first",
               const std::string& scope = "refs/refgate/claims/commit/a") {
  AuditEntry entry;
  entry.kind = kind;
  entry.claim_id = claim;
  entry.generation = generation;
  entry.timestamp = noon + after_noon;
  entry.run_id = "run-of-" + claim;
  entry.id = entry_id(claim, generation, kind);
  if (kind == EntryKind::launch) {
    entry.scope = scope;
    entry.reason_code = word;
    entry.memory = std::chrono::days(7);
  } else {
    entry.job_status = word;
  }
  return {entry, true};
}

ReadEntry launch(const std::string& claim, std::uint64_t generation, Duration at,
                 const std::string& code = "first") {
  return line(EntryKind::launch, claim, generation, at, code);
}
ReadEntry end(const std::string& claim, std::uint64_t generation, Duration at,
              const std::string& status = "success") {
  return line(EntryKind::end, claim, generation, at, status);
}
ReadEntry lost(const std::string& claim, std::uint64_t generation, Duration at) {
  return line(EntryKind::lost, claim, generation, at, "lost");
}
ReadEntry release(const std::string& claim, std::uint64_t generation, Duration at) {
  return line(EntryKind::release, claim, generation, at, "released");
}

struct Row {
  const char* what;
  std::vector<ReadEntry> lines;
  std::vector<DuplicateKind> found;
};

}  // namespace

TEST_CASE("two launches of one scope are a duplicate unless something separates them") {
  const std::vector<Row> rows{
      {"an empty record", {}, {}},
      {"one session", {launch("a", 1, 0s), end("a", 1, 5min)}, {}},
      {"one session that still runs", {launch("a", 1, 0s)}, {}},
      {"a launch that was given back separates nothing and duplicates nothing",
       {launch("a", 1, 0s), line(EntryKind::given_back, "a", 1, 1min, "given_back"),
        launch("b", 1, 2min), end("b", 1, 3min), launch("c", 2, 4min),
        line(EntryKind::given_back, "c", 2, 5min, "given_back")},
       {}},
      {"two that ran at once",
       {launch("a", 1, 0s), launch("b", 1, 1s), end("a", 1, 5min), end("b", 1, 5min)},
       {DuplicateKind::overlap}},
      {"two of which the first never ended",
       {launch("a", 1, 0s), launch("b", 1, 1h), end("b", 1, 2h)},
       {DuplicateKind::unseparated}},
      {"two of one generation and one moment",
       {launch("a", 1, 0s), launch("b", 1, 0s)},
       {DuplicateKind::unseparated}},
      {"three, each beside the next",
       {launch("a", 1, 0s), launch("b", 1, 1s), launch("c", 1, 2s)},
       {DuplicateKind::unseparated, DuplicateKind::unseparated}},
      {"a retry after a failure",
       {launch("a", 1, 0s), end("a", 1, 5min, "failure"), launch("b", 2, 6min, "retry_allowed")},
       {}},
      {"a takeover of cancelled work",
       {launch("a", 1, 0s), end("a", 1, 5min, "cancelled"), launch("b", 2, 6min, "takeover")},
       {}},
      {"a takeover of lost work",
       {launch("a", 1, 0s), lost("a", 1, 20min), launch("b", 2, 20min, "takeover")},
       {}},
      {"a takeover of released work",
       {launch("a", 1, 0s), release("a", 1, 20min), launch("b", 2, 21min, "takeover")},
       {}},
      {"a takeover without a word of the former holder",
       {launch("a", 1, 0s), launch("b", 2, 20min, "takeover")},
       {DuplicateKind::unseparated}},
      {"a former holder that was alive after all",
       {launch("a", 1, 0s), lost("a", 1, 20min), launch("b", 2, 20min, "takeover"),
        end("a", 1, 30min)},
       {DuplicateKind::overlap}},
      {"a holder that was freed by hand, and worked on",
       {launch("a", 1, 0s), release("a", 1, 5min), launch("b", 2, 6min, "takeover"),
        end("a", 1, 30min), end("b", 2, 40min)},
       {DuplicateKind::overlap}},
      {"a holder whose claim was deleted, and that worked on",
       {launch("a", 1, 0s), launch("b", 1, 6min), end("a", 1, 30min), end("b", 1, 40min)},
       {DuplicateKind::overlap}},
      {"a former holder that noticed within the skew",
       {launch("a", 1, 0s), lost("a", 1, 20min), launch("b", 2, 20min, "takeover"),
        end("a", 1, 20min + skew, "cancelled")},
       {}},
      {"a former holder that did its work within the skew",
       {launch("a", 1, 0s), lost("a", 1, 20min), launch("b", 2, 20min, "takeover"),
        end("b", 2, 20min + 1s), end("a", 1, 20min + 4s)},
       {DuplicateKind::overlap}},
      {"the same beside one that has not ended",
       {launch("a", 1, 0s), lost("a", 1, 20min), launch("b", 2, 20min, "takeover"),
        end("a", 1, 20min + 4s, "failure")},
       {DuplicateKind::overlap}},
      {"the same by a clock that is behind: who took it over saw no end",
       {launch("a", 1, 0s), lost("a", 1, 20min), launch("b", 2, 20min, "takeover"),
        end("a", 1, 20min - 30s)},
       {DuplicateKind::overlap}},
      {"one that was freed by hand, and did its work within the skew",
       {launch("a", 1, 0s), release("a", 1, 5min), launch("b", 2, 5min + 1s, "takeover"),
        end("b", 2, 5min + 2s), end("a", 1, 5min + 5s)},
       {DuplicateKind::overlap}},
      {"one that was freed by hand and ended before the next began",
       {launch("a", 1, 0s), release("a", 1, 5min), end("a", 1, 5min + 1s),
        launch("b", 2, 5min + 2s, "takeover"), end("b", 2, 6min)},
       {}},
      {"one that was given up by who waited, and ended before the next began",
       {launch("a", 1, 0s), lost("a", 1, 5min), end("a", 1, 5min + 1s),
        launch("b", 2, 5min + 2s, "takeover"), end("b", 2, 6min)},
       {}},
      {"a forced launch beside a live one",
       {launch("a", 1, 0s), lost("a", 1, 1min), launch("b", 2, 1min, "forced"), end("a", 1, 1h)},
       {}},
      {"a launch after a forced one that has not ended",
       {launch("a", 1, 0s, "forced"), launch("b", 2, 1min)},
       {DuplicateKind::unseparated}},
      {"the next generation, by a clock that is behind",
       {launch("b", 2, -10min, "retry_allowed"), launch("a", 1, 0s), end("a", 1, 5min, "failure")},
       {}},
      {"two generations by clocks that are behind",
       {launch("c", 3, -20min, "takeover"), launch("b", 2, -10min, "takeover"), launch("a", 1, 0s),
        end("a", 1, 1min, "cancelled"), end("b", 2, -5min, "cancelled")},
       {}},
      {"the memory has passed, judged by the claim",
       {launch("a", 1, 0s), end("a", 1, 5min), launch("b", 2, 24h * 8)},
       {}},
      {"the claim was forgotten after its memory",
       {launch("a", 1, 0s), end("a", 1, 5min), launch("b", 1, 24h * 8)},
       {}},
      {"the claim was deleted within its memory",
       {launch("a", 1, 0s), end("a", 1, 5min), launch("b", 1, 24h)},
       {DuplicateKind::within_memory}},
      {"the same after a failure",
       {launch("a", 1, 0s), end("a", 1, 5min, "failure"), launch("b", 1, 24h)},
       {}},
      {"a claim that expired without an end",
       {launch("a", 1, 0s), lost("a", 1, 24h * 8), launch("b", 1, 24h * 9)},
       {}},
      {"a new beginning after two generations",
       {launch("a", 1, 0s), end("a", 1, 1min, "failure"), launch("b", 2, 2min, "retry_allowed"),
        end("b", 2, 3min, "failure"), launch("c", 1, 24h * 9)},
       {}},
      {"a new beginning when the first generation is not among the lines",
       {launch("b", 2, 2min, "retry_allowed"), end("b", 2, 3min, "failure"),
        launch("c", 1, 24h * 9)},
       {}},
      {"two scopes",
       {launch("a", 1, 0s),
        line(EntryKind::launch, "b", 1, 1s, "first", "refs/refgate/claims/commit/b")},
       {}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const Verification result = verify_launches(row.lines, skew);
    std::vector<DuplicateKind> found;
    for (const Duplicate& duplicate : result.duplicates) {
      found.push_back(duplicate.kind);
      CHECK_FALSE(duplicate.why.empty());
      CHECK(duplicate.first.claim_id != duplicate.second.claim_id);
    }
    CHECK(found == row.found);
  }
}

TEST_CASE("forced launches are counted, and lines in any order give the same answer") {
  std::vector<ReadEntry> lines{end("b", 2, 2h), launch("b", 2, 1h, "forced"), lost("a", 1, 1h),
                               launch("a", 1, 0s)};
  const Verification result = verify_launches(lines, skew);
  CHECK(result.launches == 2);
  CHECK(result.scopes == 1);
  CHECK(result.forced == 1);
  CHECK(result.duplicates.empty());
}

TEST_CASE("launches without a scope belong together by session key and commit") {
  auto one = launch("a", 1, 0s);
  auto two = launch("b", 1, 1s);
  one.entry.scope = two.entry.scope = "";
  one.entry.session_key = two.entry.session_key = "review-push-9fceb02d";
  CHECK(verify_launches(std::vector{one, two}, skew).duplicates.size() == 1);
  two.entry.commit_sha = "another";
  CHECK(verify_launches(std::vector{one, two}, skew).duplicates.empty());
}

namespace {

/// A line by hand, of a run.
ReadEntry hand(const std::string& run, Duration at, const std::string& status = "success",
               const std::string& event = "push", unsigned attempt = 1) {
  ReadEntry read = line(EntryKind::audit, run, 0, at, status);
  read.entry.run_id = run;
  read.entry.run_attempt = attempt;
  read.entry.event_type = event;
  read.entry.workflow = "Agent";
  read.entry.commit_sha = "9fceb02d";
  read.entry.executed = true;
  read.entry.id += run + std::to_string(attempt) + status;
  return read;
}

/// A line of the gate about the same work, of run "run-of-<claim>".
ReadEntry of_agent(ReadEntry read, const std::string& event = "push") {
  read.entry.event_type = event;
  read.entry.workflow = "Agent";
  read.entry.commit_sha = "9fceb02d";
  return read;
}

}  // namespace

TEST_CASE("what was executed by a line by hand is a launch of its workflow and commit") {
  const auto other_commit = [](ReadEntry read) {
    read.entry.commit_sha = "b";
    return read;
  };
  const std::vector<Row> rows{
      {"one run that says it twice", {hand("1", 0s), hand("1", 1min, "failure")}, {}},
      {"two runs of one commit", {hand("1", 0s), hand("2", 1h)}, {DuplicateKind::within_memory}},
      {"a push and its pull request",
       {hand("1", 0s), hand("2", 1h, "success", "pull_request")},
       {DuplicateKind::within_memory}},
      {"two commits", {hand("1", 0s), other_commit(hand("2", 1h))}, {}},
      {"two events that are no code", {hand("1", 0s), hand("2", 1h, "success", "issues")}, {}},
      {"a re-run after a failure",
       {hand("1", 0s, "failure"), hand("1", 1h, "success", "push", 2)},
       {}},
      {"a re-run after a success",
       {hand("1", 0s), hand("1", 1h, "success", "push", 2)},
       {DuplicateKind::within_memory}},
      {"long after", {hand("1", 0s), hand("2", 24h * 8)}, {}},
      {"what a clock or a person starts",
       {hand("1", 0s, "success", "schedule"), hand("2", 1h, "success", "schedule")},
       {}},
      {"the run that the gate launched",
       {of_agent(launch("a", 1, 0s)), of_agent(end("a", 1, 1min)), hand("run-of-a", 2min)},
       {}},
      {"another run than the one that the gate launched",
       {of_agent(launch("a", 1, 0s)), of_agent(end("a", 1, 1min)), hand("2", 2min)},
       {DuplicateKind::within_memory}},
      {"while the one that the gate launched is at work",
       {of_agent(launch("a", 1, 0s)), hand("2", 2min)},
       {DuplicateKind::unseparated}},
      {"and is over later",
       {of_agent(launch("a", 1, 0s)), hand("2", 2min), of_agent(end("a", 1, 3min))},
       {DuplicateKind::overlap}},
      {"after the one that the gate launched had failed",
       {of_agent(launch("a", 1, 0s)), of_agent(end("a", 1, 1min, "failure")), hand("2", 2min)},
       {}},
      {"a run that was told to skip after a failure",
       {of_agent(launch("a", 1, 0s)), of_agent(end("a", 1, 1min, "failure")),
        of_agent(line(EntryKind::skip, "b", 1, 2min)), hand("run-of-b", 3min)},
       {DuplicateKind::told_to_skip}},
      {"a launch of the gate after one by hand",
       {hand("1", 0s), of_agent(launch("a", 1, 1min)), of_agent(end("a", 1, 2min))},
       {DuplicateKind::within_memory}},
      {"one that was forced", {hand("1", 0s), of_agent(launch("a", 1, 1min, "forced"))}, {}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    std::vector<DuplicateKind> found;
    for (const Duplicate& duplicate : verify_launches(row.lines, skew).duplicates)
      found.push_back(duplicate.kind);
    CHECK(found == row.found);
  }
}

TEST_CASE("a pair counts when its second launch is in the period") {
  const std::vector lines{launch("a", 1, 0s), end("a", 1, 5min), launch("b", 1, 24h)};
  const auto found = [&](Duration since, Duration until) {
    const Verification result = verify_launches(lines, skew, noon + since, noon + until);
    return std::pair(result.duplicates.size(), result.launches);
  };
  CHECK(found(0s, 48h) == std::pair<std::size_t, std::size_t>(1, 2));
  CHECK(found(23h, 48h) == std::pair<std::size_t, std::size_t>(1, 1));
  CHECK(found(0s, 23h) == std::pair<std::size_t, std::size_t>(0, 1));
  CHECK(found(25h, 48h) == std::pair<std::size_t, std::size_t>(0, 0));
}
