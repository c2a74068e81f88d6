#include "core/decision/decision.h"
#include "core/claim/transition.h"

#include <functional>
#include <string>

#include "catch.h"
#include "decision_sample.h"

using namespace refgate;
using namespace decision_sample;
using namespace std::chrono_literals;

namespace {

struct Row {
  std::string name;
  std::optional<Claim> state;
  Request request;
  Policy policy;
  Duration at;
  ReasonCode code;
  RunEnded holder_run = RunEnded::unknown;
  std::optional<SpentBudget> spent = std::nullopt;
};

Request person(Request request) {
  request.rerun_by_person = true;
  return request;
}

Request presenting(Request request, const std::string& nonce) {
  request.presented = {nonce};
  return request;
}

bool runs(ReasonCode code) {
  return code == ReasonCode::forced || code == ReasonCode::own || code == ReasonCode::first ||
         code == ReasonCode::takeover || code == ReasonCode::retry_allowed;
}

}  // namespace

TEST_CASE("the first row of the precedence that applies decides") {
  const Policy plain;
  const Policy manual = with([](Policy& p) { p.retry = Retry::manual; });
  const Policy allow = with([](Policy& p) { p.retry = Retry::allow; });
  const Policy force = with([](Policy& p) { p.force = true; });
  const Claim live = first_claim();
  const Claim window = first_claim([](Claim& c) {
    c.window_only = true;
    c.limits.lease = 5min;
    c.lease_until = t0 + 5min;
  });
  const Claim without_run_id = first_claim([](Claim& c) { c.holder.run_id.clear(); });
  const Claim waiting = first_claim([](Claim& c) { c.state = ClaimState::waiting; });
  const Claim thrice = [] {
    Claim c = ended(ClaimOutcome::failure);
    c.attempts = 3;
    return c;
  }();
  const Policy three = with([](Policy& p) { p.retry = Retry::allow, p.max_attempts = 3; });
  const Policy four = with([](Policy& p) { p.retry = Retry::allow, p.max_attempts = 4; });
  const Policy cooling = with([](Policy& p) { p.retry = Retry::allow, p.cooldown = 1h; });
  const SpentBudget spent{{BudgetKind::actor, 3, 1h}, t0 + 1h};
  const std::string nonce = live.claim_id;

  const std::vector<Row> rows{
      {"nothing there", std::nullopt, request_of("2"), plain, 0min, ReasonCode::first},
      {"force on nothing", std::nullopt, request_of("2"), force, 0min, ReasonCode::forced},
      {"force on a live claim", live, request_of("2"), force, 1min, ReasonCode::forced},
      {"force on one's own claim", live, presenting(request_of("1"), nonce), force, 1min,
       ReasonCode::forced},
      {"force on finished work", ended(ClaimOutcome::success), request_of("2"), force, 1h,
       ReasonCode::forced},

      {"the nonce of a live claim", live, presenting(request_of("1"), nonce), plain, 1min,
       ReasonCode::own},
      {"the nonce from another run", live, presenting(request_of("7"), nonce), plain, 1min,
       ReasonCode::own},
      {"the nonce of a claim whose lease passed and that nobody took", live,
       presenting(request_of("1"), nonce), plain, 7h, ReasonCode::own},
      {"the nonce of a claim that ended", ended(ClaimOutcome::success),
       presenting(request_of("1"), nonce), plain, 1h, ReasonCode::already_done},
      {"another nonce", live, presenting(request_of("1"), "other"), plain, 1min,
       ReasonCode::active_session},

      {"a live claim of the same kind of event", live, request_of("2"), plain, 1min,
       ReasonCode::active_session},
      {"the same run, attempt and job without the nonce is a rival", live, request_of("1"), plain,
       1min, ReasonCode::active_session},
      {"a live push, asked by a pull request", live, request_of("2", "pull_request"), plain, 1min,
       ReasonCode::pr_lock},
      {"a live push, asked by a pull_request_target", live, request_of("2", "pull_request_target"),
       plain, 1min, ReasonCode::pr_lock},
      {"no window ends a live claim", live, request_of("2", "pull_request"), plain, 5h,
       ReasonCode::pr_lock},
      {"a live push, asked by a workflow_run", live, request_of("2", "workflow_run"), plain, 1min,
       ReasonCode::active_session},
      {"a moment before lease and skew have passed", live, request_of("2"), plain, 6h + 60s - 1ms,
       ReasonCode::active_session},
      {"the moment when lease and skew have passed", live, request_of("2"), plain, 6h + 60s,
       ReasonCode::takeover},
      {"a live claim whose run is known to have ended", live, request_of("2"), plain, 1min,
       ReasonCode::takeover, RunEnded::yes},
      {"a live claim whose run is known to go on", live, request_of("2"), plain, 1min,
       ReasonCode::active_session, RunEnded::no},
      {"a window that has passed", window, request_of("2"), plain, 7min, ReasonCode::takeover},
      {"a window that has passed, of a run that is known to go on", window, request_of("2"), plain,
       7min, ReasonCode::active_session, RunEnded::no},
      {"a window that has passed, of a job of one's own run", window, request_of("1"), plain, 7min,
       ReasonCode::takeover, RunEnded::no},
      {"a window that passed a memory ago", window, request_of("2"), plain, 8 * 24h,
       ReasonCode::takeover, RunEnded::no},
      {"a lease that has passed, of a run that is known to go on", live, request_of("2"), plain,
       6h + 60s, ReasonCode::takeover, RunEnded::no},
      {"two callers without a run id are not one run", without_run_id,
       [] {
         auto r = request_of("");
         r.holder.run_attempt = 2;
         return r;
       }(),
       plain, 1min, ReasonCode::active_session},

      {"a later attempt of the run that held it: nobody did it", live, request_of("1", "push", 2),
       plain, 1min, ReasonCode::takeover},
      {"a later attempt, by a person, manual", live, person(request_of("1", "push", 2)), manual,
       1min, ReasonCode::takeover},
      {"a later attempt, allow", live, request_of("1", "push", 2), allow, 1min,
       ReasonCode::takeover},
      {"a later attempt of a run that only waited", waiting, request_of("1", "push", 2), plain,
       1min, ReasonCode::takeover},
      {"a later attempt of a run that only waited, of which one launch is allowed", waiting,
       request_of("1", "push", 2), with([](Policy& p) { p.max_attempts = 1; }), 1min,
       ReasonCode::takeover},
      {"another run after one that only waited and has ended, of which one launch is allowed",
       waiting, request_of("2"), with([](Policy& p) { p.max_attempts = 1; }), 1min,
       ReasonCode::takeover, RunEnded::yes},
      {"a waiting claim whose lease passed, of which one launch is allowed", waiting,
       request_of("2"), with([](Policy& p) { p.max_attempts = 1; }), 7h, ReasonCode::takeover},
      {"a claim that a newer head ended while it waited, of which one launch is allowed",
       supersede_claim(waiting, "9", t0 + 1min), request_of("2"),
       with([](Policy& p) { p.max_attempts = 1, p.cooldown = 1h; }), 2min, ReasonCode::takeover},
      {"a claim that a newer head ended when it worked, of which one launch is allowed",
       supersede_claim(live, "9", t0 + 1min), request_of("2"),
       with([](Policy& p) { p.max_attempts = 1; }), 2min, ReasonCode::max_attempts},
      {"a later attempt, launched as often as is allowed", live, request_of("1", "push", 2),
       with([](Policy& p) { p.max_attempts = 1; }), 1min, ReasonCode::max_attempts},
      {"what is known to be lost, a re-run", ended(ClaimOutcome::lost), request_of("1", "push", 2),
       plain, 1h, ReasonCode::takeover},

      {"done", ended(ClaimOutcome::success), request_of("2"), plain, 1h, ReasonCode::already_done},
      {"done by a push, asked by a pull request within the window", ended(ClaimOutcome::success),
       request_of("2", "pull_request"), plain, 30min, ReasonCode::pr_lock},
      {"done by a push, asked by a pull request after the window", ended(ClaimOutcome::success),
       request_of("2", "pull_request"), plain, 2h, ReasonCode::first},
      {"done, a re-run by a person with allow", ended(ClaimOutcome::success),
       person(request_of("1", "push", 2)), allow, 1h, ReasonCode::already_done},
      {"done, a moment before it is forgotten", ended(ClaimOutcome::success), request_of("2"),
       plain, 10min + 7 * 24h - 1ms, ReasonCode::already_done},
      {"done, and forgotten", ended(ClaimOutcome::success), request_of("2"), plain, 10min + 7 * 24h,
       ReasonCode::first},

      {"failed", ended(ClaimOutcome::failure), request_of("2"), plain, 1h,
       ReasonCode::retry_suppressed},
      {"failed, asked by the counterpart", ended(ClaimOutcome::failure),
       request_of("2", "pull_request"), plain, 30min, ReasonCode::retry_suppressed},
      {"failed, asked by the counterpart after the window", ended(ClaimOutcome::failure),
       request_of("2", "pull_request"), plain, 2h, ReasonCode::retry_suppressed},
      {"failed, asked by the counterpart, allow", ended(ClaimOutcome::failure),
       request_of("2", "pull_request"), allow, 30min, ReasonCode::retry_allowed},
      {"failed, another trigger, manual", ended(ClaimOutcome::failure), request_of("2"), manual, 1h,
       ReasonCode::retry_suppressed},
      {"failed, a person's re-run, manual", ended(ClaimOutcome::failure),
       person(request_of("1", "push", 2)), manual, 1h, ReasonCode::retry_allowed},
      {"failed, allow", ended(ClaimOutcome::failure), request_of("2"), allow, 1h,
       ReasonCode::retry_allowed},
      {"failed, and forgotten", ended(ClaimOutcome::failure), request_of("2"), plain, 8 * 24h,
       ReasonCode::first},

      {"cancelled, another trigger", ended(ClaimOutcome::cancelled), request_of("2"), plain, 1h,
       ReasonCode::takeover},
      {"cancelled, the counterpart", ended(ClaimOutcome::cancelled),
       request_of("2", "pull_request"), plain, 30min, ReasonCode::takeover},
      {"cancelled, a re-run of the same run", ended(ClaimOutcome::cancelled),
       request_of("1", "push", 2), plain, 1h, ReasonCode::retry_suppressed},
      {"cancelled, a person's re-run, manual", ended(ClaimOutcome::cancelled),
       person(request_of("1", "push", 2)), manual, 1h, ReasonCode::retry_allowed},
      {"cancelled, and forgotten", ended(ClaimOutcome::cancelled), request_of("2"), plain, 8 * 24h,
       ReasonCode::first},
      {"released by a person", release_claim(live, "octocat", "stuck", t0 + 1min), request_of("2"),
       plain, 1h, ReasonCode::takeover},
      {"released by a person, a re-run of the same run",
       release_claim(live, "octocat", "stuck", t0 + 1min), request_of("1", "push", 2), plain, 1h,
       ReasonCode::takeover},

      {"done, and released by a person",
       release_claim(ended(ClaimOutcome::success), "ann", "the review was lost", t0 + 20min),
       request_of("2"), plain, 1h, ReasonCode::takeover},
      {"failed, and released by a person, a re-run of the same run",
       release_claim(ended(ClaimOutcome::failure), "ann", "the key is there now", t0 + 20min),
       request_of("1", "push", 2), plain, 1h, ReasonCode::takeover},
      {"launched as often as is allowed, and released by a person",
       release_claim(thrice, "ann", "once more", t0 + 20min), request_of("2"), three, 1h,
       ReasonCode::takeover},
      {"nothing was executed: it is as if nobody had asked",
       give_back_claim(live, "nothing was executed", t0 + 1min), request_of("1", "push", 2),
       with([](Policy& p) { p.max_attempts = 1, p.cooldown = 1h; }), 2min, ReasonCode::first},

      {"launched as often as is allowed", thrice, request_of("2"), three, 1h,
       ReasonCode::max_attempts},
      {"one launch is left", thrice, request_of("2"), four, 1h, ReasonCode::retry_allowed},
      {"launched as often as is allowed, and forgotten", thrice, request_of("2"), three, 8 * 24h,
       ReasonCode::first},
      {"launched as often as is allowed, and forced", thrice, request_of("2"),
       with([](Policy& p) { p.force = true, p.max_attempts = 3; }), 1h, ReasonCode::forced},
      {"a lost claim is a launch too", live, request_of("2"),
       with([](Policy& p) { p.max_attempts = 1; }), 7h, ReasonCode::max_attempts},
      {"a failure that cools down", ended(ClaimOutcome::failure), request_of("2"), cooling, 1h,
       ReasonCode::cooldown},
      {"a failure that has cooled down", ended(ClaimOutcome::failure), request_of("2"), cooling,
       70min, ReasonCode::retry_allowed},
      {"a cancelled session cools down", ended(ClaimOutcome::cancelled), request_of("2"), cooling,
       1h, ReasonCode::cooldown},
      {"a lost one does not", live, request_of("2"), cooling, 7h, ReasonCode::takeover},
      {"a released one does not", release_claim(live, "octocat", "stuck", t0 + 1min),
       request_of("2"), cooling, 2min, ReasonCode::takeover},
      {"no budget left", std::nullopt, request_of("2"), plain, 1min, ReasonCode::budget,
       RunEnded::unknown, spent},
      {"no budget left, but forced", std::nullopt, request_of("2"), force, 1min, ReasonCode::forced,
       RunEnded::unknown, spent},
      {"no budget left for what is one's own", live, presenting(request_of("1"), nonce), plain,
       1min, ReasonCode::own, RunEnded::unknown, spent},
      {"no budget left for what is skipped anyway", live, request_of("2"), plain, 1min,
       ReasonCode::active_session, RunEnded::unknown, spent},

      {"a claim that waits for its turn is live", waiting, request_of("2"), plain, 1min,
       ReasonCode::queued},
      {"a claim that waits for its turn, asked by the counterpart", waiting,
       request_of("2", "pull_request"), plain, 1min, ReasonCode::queued},
      {"a waiting claim whose lease passed", waiting, request_of("2"), plain, 7h,
       ReasonCode::takeover},
      {"an abandoned wait suppresses nothing",
       abandon_claim(waiting, "its wait ran out", t0 + 1min), request_of("2"), plain, 2min,
       ReasonCode::first},
      {"an abandoned wait does not suppress its own re-run",
       abandon_claim(waiting, "its wait ran out", t0 + 1min), request_of("1", "push", 2), plain,
       2min, ReasonCode::first},
      {"an abandoned wait does not cool down",
       abandon_claim(waiting, "its wait ran out", t0 + 1min), request_of("2"), cooling, 2min,
       ReasonCode::first},

      {"a window that holds", window, request_of("2"), plain, 5min, ReasonCode::active_session},
      {"a window that has passed", window, request_of("2"), plain, 6min, ReasonCode::takeover},
      {"a window that has passed, the counterpart within the lock", window,
       request_of("2", "pull_request"), plain, 30min, ReasonCode::pr_lock},
      {"a window that has passed, the counterpart after the lock", window,
       request_of("2", "pull_request"), plain, 61min, ReasonCode::takeover},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const Decision decision =
          decide(row.state, row.request, row.policy, t0 + row.at, {row.holder_run, row.spent});
      CHECK(name_of(decision.code) == name_of(row.code));
      CHECK((decision.verdict == Verdict::run) == runs(row.code));
      CHECK(decision.next.has_value() == runs(row.code));
      CHECK(decision.line.has_value() == !runs(row.code));
      CHECK_FALSE(decision.reason.empty());
    }
  }
}

TEST_CASE("only a skip for the sake of work that is done or being done promises something") {
  for (const char* code : {"active_session", "pr_lock", "already_done"})
    CHECK(is_promise(std::string_view(code)));
  for (const char* code : {"retry_suppressed", "max_attempts", "cooldown", "budget", "queued",
                           "wait_expired", "read_only", "unreachable", "first", "", "other"})
    CHECK_FALSE(is_promise(std::string_view(code)));
}

TEST_CASE("a skip by time says until when, and its line too") {
  const auto until = [](const std::optional<Claim>& state, const Policy& policy, Duration at,
                        const Surroundings& around = {}) {
    const Decision decision = decide(state, request_of("2"), policy, t0 + at, around);
    CHECK(decision.verdict == Verdict::skip);
    CHECK(decode_entry(encode_entry(*decision.line))->entry.until == decision.until);
    return decision.until;
  };
  const Policy cooling = with([](Policy& policy) {
    policy.retry = Retry::allow;
    policy.cooldown = 1h;
  });
  const Policy twice = with([](Policy& policy) {
    policy.retry = Retry::allow;
    policy.max_attempts = 1;
  });
  const Claim failed = ended(ClaimOutcome::failure);
  CHECK(until(failed, cooling, 11min) == t0 + 10min + 1h);
  CHECK(until(failed, twice, 11min) == t0 + 10min + failed.limits.memory);
  const SpentBudget spent{{BudgetKind::actor, 3, 1h}, t0 + 40min};
  CHECK(until(std::nullopt, Policy{}, 0min, {RunEnded::unknown, spent}) == t0 + 40min);
  CHECK(until(ended(ClaimOutcome::success), Policy{}, 11min) == t0 + 10min + failed.limits.memory);
  // A part of a second is rounded up: who asks then is not too early.
  const SpentBudget uneven{{BudgetKind::actor, 3, 1h}, t0 + 40min + 1ms};
  CHECK(until(std::nullopt, Policy{}, 0min, {RunEnded::unknown, uneven}) == t0 + 40min + 1s);
  CHECK_FALSE(until(first_claim(), Policy{}, 1min));
  CHECK_FALSE(until(failed, Policy{}, 11min));
  CHECK_FALSE(decide(std::nullopt, request_of("2"), Policy{}, t0).until);
}

TEST_CASE("who only watches runs without a claim, for the reason of the skip") {
  const Decision skip = decide(first_claim(), request_of("2"), Policy{}, t0 + 1min);
  const Decision seen = observed(skip);
  CHECK(seen.verdict == Verdict::run);
  CHECK(seen.code == ReasonCode::active_session);
  CHECK(seen.reason == skip.reason);
  CHECK(!seen.next);
  CHECK(seen.line->kind == EntryKind::skip);
  CHECK(seen.line->observed);
  CHECK(seen.line->executed);
  CHECK(decode_entry(encode_entry(*seen.line))->entry == *seen.line);
  const Decision won = decide(std::nullopt, request_of("2"), Policy{}, t0);
  CHECK(observed(won).next == won.next);

  const Policy policy = observing(with([](Policy& each) {
    each.force = true;
    each.wait = 1h;
  }));
  CHECK(!policy.force);
  CHECK(policy.no_wait);
  CHECK(policy.wait == 0s);

  // Whoever's id a note gives, the line stands in for no claim's own end.
  const Claim claim = first_claim();
  const AuditEntry end = observed_end(request_of("2"), claim.claim_id, "success", t0, t0 + 2min);
  CHECK(end.observed);
  CHECK(end.id != end_claim(claim, ClaimOutcome::success, "success", t0).outbox.back().id);
  CHECK(end.duration == 2min);
  CHECK(!observed_end(request_of("2"), claim.claim_id, "skipped", t0, t0).executed);
}

TEST_CASE("a pause is passed by nobody but who holds the claim already") {
  Surroundings paused;
  paused.paused = Pause{{PauseKind::workflow, "Review"}, t0, t0 + 1h + 1ms, true, "ann", "wild"};
  paused.spent = SpentBudget{{BudgetKind::scope, 1, 1h}, t0 + 2h};
  Policy force;
  force.force = true;
  force.retry = Retry::allow;
  Request same_job = request_of("1");
  same_job.met = first_claim();
  for (const std::optional<Claim>& state :
       {std::optional<Claim>{}, std::optional(first_claim()),
        std::optional(ended(ClaimOutcome::success)), std::optional(ended(ClaimOutcome::released))})
    for (const Policy& policy : {Policy{}, force})
      for (const Request& request : {request_of("2"), same_job}) {
        const Decision decision = decide(state, request, policy, t0 + 1min, paused);
        CHECK(decision.verdict == Verdict::skip);
        CHECK(decision.code == ReasonCode::paused);
        CHECK(decision.until == t0 + 1h + 1s);
        CHECK(decision.line->until == decision.until);
        CHECK(decision.reason.find("by ann since 2026-11-22T02:00:00Z") != std::string::npos);
        CHECK(decision.reason.find("refgate resume workflow:Review") != std::string::npos);
        // Who only watches is stopped all the same.
        CHECK(observed(decision).verdict == Verdict::skip);
      }
  Request own = request_of("1");
  own.presented = {first_claim().claim_id};
  for (const Policy& policy : {Policy{}, force}) {
    const Decision decision = decide(first_claim(), own, policy, t0 + 1min, paused);
    CHECK(decision.code == ReasonCode::own);
    CHECK(decision.next->claim_id == first_claim().claim_id);
  }
  CHECK(decide(ended(ClaimOutcome::success), own, Policy{}, t0 + 1h, paused).code ==
        ReasonCode::paused);
  CHECK_FALSE(is_promise(ReasonCode::paused));
}

TEST_CASE("who asks for a pause: who says so, what governs a launch otherwise, and who waits") {
  Policy policy;
  CHECK_FALSE(asks_pause(policy));
  CHECK(asks_pause_while_waiting(policy));
  policy.budgets = {{BudgetKind::actor, 1, 1h}};
  CHECK(asks_pause(policy));
  policy = {};
  policy.observe = true;
  CHECK(asks_pause(policy));
  policy.pause = PauseAsking::ignore;
  CHECK_FALSE(asks_pause(policy));
  CHECK_FALSE(asks_pause_while_waiting(policy));
  policy = {};
  policy.pause = PauseAsking::ask;
  CHECK(asks_pause(policy));
  Request request = request_of("1");
  CHECK_FALSE(decide(std::nullopt, request, {}, t0).next->outbox.back().asked_pause);
  request.asks_pause = true;
  CHECK(decide(std::nullopt, request, {}, t0).next->outbox.back().asked_pause);
}

TEST_CASE("counters at their end stay there") {
  Claim claim = ended(ClaimOutcome::failure);
  claim.generation = std::numeric_limits<std::uint64_t>::max();
  claim.attempts = std::numeric_limits<unsigned>::max();
  const Claim next =
      *decide(claim, request_of("2"), with([](Policy& p) { p.retry = Retry::allow; }), t0 + 1h)
           .next;
  CHECK(next.generation == claim.generation);
  CHECK(next.attempts == claim.attempts);
}

TEST_CASE("attempts count the launches of one memory") {
  const Policy allow = with([](Policy& p) { p.retry = Retry::allow; });
  Claim claim = ended(ClaimOutcome::failure);
  CHECK(claim.attempts == 1);
  const Claim second = *decide(claim, request_of("2"), allow, t0 + 1h).next;
  CHECK(second.attempts == 2);
  CHECK(decide(second, request_of("3"), allow, t0 + 8h).next->attempts == 3);
  CHECK(decide(claim, request_of("2"), allow, t0 + 8 * 24h).next->attempts == 1);
  Request queued = request_of("2");
  queued.queue = true;
  const Claim waiting = *decide(claim, queued, allow, t0 + 1h).next;
  CHECK(waiting.attempts == 2);
  const Claim abandoned = abandon_claim(waiting, "its wait ran out", t0 + 2h);
  CHECK(abandoned.attempts == 1);
  CHECK(abandoned.outcome == ClaimOutcome::failure);
  CHECK(abandoned.generation == 2);
  CHECK(decide(abandoned, request_of("3"), Policy{}, t0 + 3h).code == ReasonCode::retry_suppressed);
  CHECK(decide(abandoned, request_of("3"), allow, t0 + 3h).next->attempts == 2);
  CHECK(decide(waiting, request_of("3"), allow, t0 + 8h).next->attempts == 2);
  // What was there before it counts all the same.
  const Policy once = with([](Policy& p) { p.retry = Retry::allow, p.max_attempts = 1; });
  const Policy slow = with([](Policy& p) { p.retry = Retry::allow, p.cooldown = 24h; });
  CHECK(decide(waiting, request_of("3"), once, t0 + 8h).code == ReasonCode::max_attempts);
  CHECK(decide(waiting, request_of("3"), slow, t0 + 8h).code == ReasonCode::cooldown);
  const Claim after = *decide(waiting, request_of("3"), allow, t0 + 8h).next;
  for (const AuditEntry& line : after.outbox)
    CHECK(line.kind != EntryKind::lost);
}

TEST_CASE("a launch takes the next generation and carries the lines that nobody published yet") {
  const Claim before = first_claim();
  const Decision decision = decide(before, request_of("2"), Policy{}, t0 + 7h);
  REQUIRE(decision.next);
  const Claim& next = *decision.next;
  CHECK(next.generation == 2);
  CHECK(next.claim_id == "nonce-of-2-1");
  CHECK(next.holder.run_id == "2");
  CHECK(next.claimed_at == t0 + 7h);
  CHECK(next.lease_until == t0 + 13h);
  REQUIRE(next.outbox.size() == 3);
  CHECK(next.outbox[0] == before.outbox[0]);
  CHECK(next.outbox[1].kind == EntryKind::lost);
  CHECK(next.outbox[1].claim_id == before.claim_id);
  CHECK(next.outbox[2].kind == EntryKind::launch);
  CHECK(next.outbox[2].generation == 2);
  CHECK(next.outbox[2].executed);
}

TEST_CASE("taking over what had ended adds no line about a loss") {
  const Claim before = ended(ClaimOutcome::cancelled);
  const Decision decision = decide(before, request_of("2"), Policy{}, t0 + 1h);
  REQUIRE(decision.next);
  for (const AuditEntry& line : decision.next->outbox)
    CHECK(line.kind != EntryKind::lost);
  CHECK(decision.next->generation == 2);
}

TEST_CASE("own keeps nonce and generation, renews the lease and never shortens it") {
  const Claim before = first_claim([](Claim& c) { c.state = ClaimState::held; });
  Request request = presenting(request_of("1"), before.claim_id);
  const Decision later = decide(before, request, Policy{}, t0 + 1h);
  REQUIRE(later.next);
  CHECK(later.next->claim_id == before.claim_id);
  CHECK(later.next->generation == 1);
  CHECK(later.next->state == ClaimState::active);
  CHECK(later.next->lease_until == t0 + 7h);
  CHECK(later.next->outbox == before.outbox);
  request.hold = true;
  CHECK(decide(before, request, Policy{}, t0 + 1h).next->state == ClaimState::held);
  request.session_key = "the label that register was given";
  CHECK(decide(before, request, Policy{}, t0 + 1h).next->session_key ==
        "the label that register was given");
}

TEST_CASE("the limits that a claim was made with bind who reads it") {
  Policy short_memory = with([](Policy& p) {
    p.memory = 1s;
    p.lease = 1s;
    p.skew = 0s;
  });
  const Claim live = first_claim();
  CHECK(decide(live, request_of("2"), short_memory, t0 + 1h).code == ReasonCode::active_session);
  CHECK(decide(ended(ClaimOutcome::success), request_of("2"), short_memory, t0 + 1h).code ==
        ReasonCode::already_done);

  const Claim made_short = *decide(std::nullopt, request_of("1"), short_memory, t0).next;
  CHECK(decide(made_short, request_of("2"), Policy{}, t0 + 2s).code == ReasonCode::takeover);
}

TEST_CASE("a skip says who holds the work, since when, where, and how to run all the same") {
  const Decision decision = decide(first_claim(), request_of("2"), Policy{}, t0 + 4min + 12s);
  CHECK(decision.reason.find("run 1 (push)") != std::string::npos);
  CHECK(decision.reason.find("2026-11-22T02:00:00Z (4m 12s ago)") != std::string::npos);
  CHECK(decision.reason.find("https://example.test/runs/1") != std::string::npos);
  CHECK(decision.reason.find("--force") != std::string::npos);
  CHECK(decision.reason.find("refgate release refs/refgate/claims/") != std::string::npos);
  CHECK(decision.reason.find(first_claim().claim_id) == std::string::npos);
  REQUIRE(decision.line);
  CHECK(decision.line->holder_run_id == "1");
  CHECK_FALSE(decision.line->executed);
}

TEST_CASE("a skip of finished work says where its result is, when it kept one") {
  Claim done = ended(ClaimOutcome::success);
  const auto asked_by = [&](const char* event) {
    return decide(done, request_of("2", event), Policy{}, t0 + 20min).reason;
  };
  CHECK_THAT(asked_by("push"), !Catch::Contains("result"));
  done.result = "20261122-022040-123-0123456789abcdef";
  CHECK_THAT(
      asked_by("push"),
      Catch::Contains(", its result: refgate result get 20261122-022040-123-0123456789abcdef"));
  CHECK_THAT(
      asked_by("pull_request"),
      Catch::Contains(", its result: refgate result get 20261122-022040-123-0123456789abcdef"));
  done.result = "x; rm -rf /";
  CHECK_THAT(asked_by("push"), !Catch::Contains("rm"));
  CHECK(decide(done, request_of("2"), Policy{}, t0 + 8 * 24h).next->result.empty());
}

TEST_CASE("only push and pull request events lock each other out") {
  CHECK(first_claim().pr_locked_until == t0 + 1h);
  CHECK_FALSE(
      decide(std::nullopt, request_of("1", "workflow_run"), Policy{}, t0).next->pr_locked_until);
  CHECK(are_push_and_pull_request("push", "pull_request"));
  CHECK(are_push_and_pull_request("pull_request_target", "push"));
  CHECK_FALSE(are_push_and_pull_request("push", "push"));
  CHECK_FALSE(are_push_and_pull_request("pull_request", "pull_request_target"));
  CHECK_FALSE(are_push_and_pull_request("push", "workflow_run"));
}

TEST_CASE("a claim is forgotten when its memory is over, and not while its lock holds") {
  const Claim done = ended(ClaimOutcome::success, 10min);
  CHECK_FALSE(is_expired(done, t0 + 10min + 7 * 24h - 1ms));
  CHECK(is_expired(done, t0 + 10min + 7 * 24h));
  Claim brief = done;
  brief.limits.memory = 1s;
  CHECK_FALSE(is_expired(brief, t0 + 59min));
  CHECK(is_expired(brief, t0 + 1h));
  const Claim lost = first_claim();
  CHECK_FALSE(is_expired(lost, t0 + 7 * 24h + 6h + 59s));
  CHECK(is_expired(lost, t0 + 7 * 24h + 6h + 60s));
}

TEST_CASE("a decision tells which rule spoke") {
  const auto rule = [](const std::optional<Claim>& state, const Policy& policy) {
    return std::string(decide(state, request_of("2"), policy, t0 + 20min).rule);
  };
  CHECK(rule(std::nullopt, {}) == "nobody there");
  CHECK(rule(first_claim(), {}) == "held");
  CHECK(rule(first_claim(), with([](Policy& p) { p.force = true; })) == "forced");
  CHECK(rule(ended(ClaimOutcome::success), {}) == "done");
  CHECK(rule(ended(ClaimOutcome::failure), {}) == "failed");
  CHECK(rule(ended(ClaimOutcome::cancelled), with([](Policy& p) { p.cooldown = 2h; })) ==
        "cooldown");
}
