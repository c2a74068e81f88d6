#include "core/governing/limited.h"

#include <vector>

#include "catch.h"
#include "core/claim/transition.h"
#include "core/decision/decision.h"
#include "core/decision/doors.h"
#include "core/figures/due_work.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant t0 = *parse_rfc3339("2026-11-22T02:00:00Z");
const std::string scope = "refs/refgate/claims/commit-9f/review.yml";

Request request_of(const std::string& run_id, const std::string& event = "push",
                   unsigned attempt = 1) {
  Request request;
  request.holder.run_id = run_id;
  request.holder.run_attempt = attempt;
  request.event = event;
  request.workflow = "Review";
  request.commit = "9fceb02d0ae598e95dc970b74767f19372d61af8";
  request.scope = request.first_door = scope;
  request.nonce = "nonce-of-" + run_id;
  return request;
}

Claim begun() { return *decide(std::nullopt, request_of("1"), Policy{}, t0).next; }

/// Run 1 from t0 on, sent away after ten minutes until two hours later.
Claim limited() { return limit_claim(begun(), t0 + 2h + 10min, t0 + 10min); }

Policy with(Retry retry, unsigned max_attempts = 0) {
  Policy policy;
  policy.retry = retry;
  policy.max_attempts = max_attempts;
  return policy;
}

Request by_person(Request request) {
  request.rerun_by_person = true;
  return request;
}

Policy forcing() {
  Policy policy;
  policy.force = true;
  return policy;
}

}  // namespace

TEST_CASE("before its time limited work is nobody's, whoever asks, and after it the first one's") {
  struct Row {
    const char* what;
    Request request;
    Policy policy;
    Duration at;
    ReasonCode code;
  };
  const Duration memory = begun().limits.memory;
  const std::vector<Row> rows{
      {"another run", request_of("2"), {}, 1h, ReasonCode::limited},
      {"its twin", request_of("2", "pull_request"), {}, 1h, ReasonCode::limited},
      {"a re-run", request_of("1", "push", 2), with(Retry::allow), 1h, ReasonCode::limited},
      {"a re-run by a person", by_person(request_of("1", "push", 2)), with(Retry::manual), 1h,
       ReasonCode::limited},
      {"a moment before", request_of("2"), {}, 2h + 10min - 1ms, ReasonCode::limited},
      {"by force", request_of("2"), forcing(), 1h, ReasonCode::forced},
      {"at its time", request_of("2"), {}, 2h + 10min, ReasonCode::takeover},
      {"its twin, at its time", request_of("2", "pull_request"), {}, 3h, ReasonCode::takeover},
      {"a re-run, whatever retry says", request_of("1", "push", 2), with(Retry::suppress), 3h,
       ReasonCode::takeover},
      {"what was sent away is no attempt", request_of("2"), with(Retry::suppress, 1), 3h,
       ReasonCode::takeover},
      {"it is remembered from its time on", request_of("2"), {}, memory + 2h, ReasonCode::takeover},
      {"and then forgotten", request_of("2"), {}, memory + 2h + 10min, ReasonCode::first},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const Decision decision = decide(limited(), row.request, row.policy, t0 + row.at);
    CHECK(decision.code == row.code);
    if (row.code == ReasonCode::limited) {
      CHECK(decision.until == t0 + 2h + 10min);
      CHECK(decision.line->until == decision.until);
    } else {
      CHECK(decision.next->generation == 2);
      CHECK_FALSE(decision.next->until);
    }
  }
  CHECK_FALSE(is_promise(ReasonCode::limited));
  // Two launches were made after it, and the limited one counts for neither.
  const Claim second = *decide(limited(), request_of("2"), with(Retry::allow, 1), t0 + 3h).next;
  CHECK(second.attempts == 1);
}

TEST_CASE("the claim of a limited session is stored with its time, and with no other outcome") {
  const Claim claim = limited();
  CHECK(claim.outcome == ClaimOutcome::limited);
  CHECK(claim.attempts == 0);
  CHECK(claim.outbox.back().job_status == "limited");
  CHECK(claim.outbox.back().until == claim.until);
  const auto read = decode_claim(encode_claim(claim));
  REQUIRE(std::holds_alternative<Claim>(read));
  CHECK(std::get<Claim>(read) == claim);
  Claim without = claim;
  without.until.reset();
  CHECK(std::holds_alternative<ClaimError>(decode_claim(encode_claim(without))));
  Claim done = end_claim(begun(), ClaimOutcome::success, "success", t0 + 10min);
  done.until = t0 + 1h;
  CHECK(std::holds_alternative<ClaimError>(decode_claim(encode_claim(done))));
  // A person frees it.
  const Claim freed = release_claim(claim, "ann", "why", t0 + 20min);
  CHECK_FALSE(freed.until);
  CHECK(decide(freed, request_of("2"), Policy{}, t0 + 21min).code == ReasonCode::takeover);
  // Who gives up after it brings it back.
  const Claim second = *decide(claim, request_of("2"), Policy{}, t0 + 3h).next;
  CHECK(abandon_claim(second, "why", t0 + 3h).until == claim.until);
}

TEST_CASE("no limit is longer than thirty days, and none ends before it begins") {
  CHECK(limit_claim(begun(), t0 - 1h, t0 + 1h).until == t0 + 1h);
  CHECK(limit_claim(begun(), t0 + 24h * 90, t0).until == t0 + longest_limit);
  CHECK(end_or_limit_claim(begun(), ClaimOutcome::limited, "limited", std::nullopt, t0).until ==
        t0 + usual_limit);
  CHECK_FALSE(end_or_limit_claim(begun(), ClaimOutcome::success, "success", t0 + 1h, t0).until);
  const Claim late = limit_claim(begun(), t0 + 24h * 20, t0);
  CHECK_FALSE(is_expired(late, t0 + 24h * 25));
  CHECK(is_expired(late, t0 + 24h * 20 + late.limits.memory));
}

TEST_CASE("after and until come to a time") {
  const auto at = [](std::string_view after, std::string_view until) {
    const auto found = limit_until(after, until, t0);
    return std::holds_alternative<Instant>(found) ? std::optional(std::get<Instant>(found))
                                                  : std::nullopt;
  };
  CHECK(at("", "") == t0 + 1h);
  CHECK(at("2h", "") == t0 + 2h);
  CHECK(at("0", "") == t0);
  CHECK(at("30d", "") == t0 + 24h * 30);
  CHECK(at("", "2026-11-22T18:00:00Z") == t0 + 16h);
  CHECK(at("", "2026-11-22t18:00:00.5z") == t0 + 16h + 500ms);
  CHECK(at("", "2026-11-22T18:00:00+01:30") == t0 + 14h + 30min);
  CHECK(at("", "2026-11-22T18:00:00-02:00") == t0 + 18h);
  CHECK(at("", "2020-01-01T00:00:00Z") == t0);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(t0.time_since_epoch());
  CHECK(at("", std::to_string(seconds.count() + 3600)) == t0 + 1h);
  CHECK(at("", std::to_string(seconds.count() + 3600) + ".25") == t0 + 1h + 1s);
  CHECK(at("", "0") == t0);
  CHECK(at("", "2026-12-22T02:00:00Z") == t0 + 24h * 30);
  for (const char* after : {"31d", "soon", "-1h", "30d1s"}) {
    INFO(after);
    CHECK_FALSE(at(after, ""));
  }
  // The last is in milliseconds.
  for (const char* until :
       {"2026-12-22T02:00:01Z", "18:00", "tomorrow", "2026-11-22", "2026-11-22T18:00:00",
        "2026-11-22T18:00:00+25:00", "2026-11-22T18:00:00+0100", "1.", ".5", "1e9", "-5",
        "2026-02-30T00:00:00Z", "1795312800000"}) {
    INFO(until);
    CHECK_FALSE(at("", until));
  }
  CHECK_FALSE(at("1h", "2026-11-22T18:00:00Z"));
}

TEST_CASE("a limit at one door holds back who it covers, and gives way to who has done it") {
  Request asks = request_of("3", "pull_request");
  asks.covers = {{"7", "main"}};
  Claim waits = limited();
  waits.covers = asks.covers;
  Claim other = end_claim(begun(), ClaimOutcome::cancelled, "cancelled", t0 + 20min);
  const std::string beside = scope + ",@for=7-main";
  std::vector<ClaimAtDoor> doors{{scope, other}, {beside, waits}};
  CHECK(choose_door(asks, doors, t0 + 1h).ref == beside);
  CHECK(choose_door(asks, doors, t0 + 3h).ref == scope);
  doors[0].claim = end_claim(begun(), ClaimOutcome::success, "success", t0 + 50min);
  CHECK(choose_door(asks, doors, t0 + 1h).ref == scope);
}

TEST_CASE("limited work is due from its time on, until somebody takes it up") {
  const Claim claim = limited();
  Claim later = *decide(claim, request_of("2"), Policy{}, t0 + 3h).next;
  const std::string beside = scope + ",@for=7-main";
  const auto found = [&](std::vector<ScopeState> scopes, Duration at,
                         std::vector<ReadEntry> entries = {}) {
    const LimitedWork work = find_limited_work(scopes, entries, t0 + at);
    return std::tuple(work.due.size(), work.later, work.next);
  };
  using Found = std::tuple<std::size_t, std::size_t, std::optional<Instant>>;
  const std::vector<ScopeState> alone{{scope, &claim, false}};
  CHECK(found(alone, 1h) == Found{0, 1, claim.until});
  CHECK(found(alone, 2h + 10min) == Found{1, 0, std::nullopt});
  CHECK(found(alone, claim.limits.memory + 2h + 10min) == Found{0, 0, std::nullopt});
  CHECK(found({{scope, &later, false}}, 4h) == Found{0, 0, std::nullopt});
  // At another door: by who answers to the same, and by nobody else.
  CHECK(found({{beside, &claim, false}, {scope, &later, false}}, 4h) == Found{0, 0, std::nullopt});
  CHECK(found({{scope + "2", &later, false}, {scope, &claim, false}}, 4h) ==
        Found{1, 0, std::nullopt});
  later.covers = {{"8", "main"}};
  CHECK(found({{beside, &claim, false}, {scope, &later, false}}, 4h) == Found{1, 0, std::nullopt});
  later.covers.clear();
  later.outcome = ClaimOutcome::abandoned;
  CHECK(found({{beside, &claim, false}, {scope, &later, false}}, 4h) == Found{1, 0, std::nullopt});

  AuditEntry skip = *decide(claim, request_of("5"), Policy{}, t0 + 1h).line;
  AuditEntry before = skip;
  before.timestamp = t0 - 1h;
  before.run_id = "4";
  const std::vector<ReadEntry> entries{{before, true}, {skip, true}, {skip, true}};
  const LimitedWork work = find_limited_work(alone, entries, t0 + 3h);
  REQUIRE(work.due.size() == 1);
  REQUIRE(work.due[0].skipped.size() == 1);
  CHECK(work.due[0].skipped[0]->run_id == "5");
}
