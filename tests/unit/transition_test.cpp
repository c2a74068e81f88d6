#include "core/claim/transition.h"

#include <string>

#include "catch.h"
#include "decision_sample.h"

using namespace refgate;
using namespace decision_sample;
using namespace std::chrono_literals;

TEST_CASE("a waiting claim launches when its turn comes, and only then the record says so") {
  Request request = request_of("1");
  request.queue = true;
  request.group = "pr-octo/app-7";
  const Decision decision = decide(std::nullopt, request, Policy{}, t0);
  const Claim& waiting = *decision.next;
  CHECK(waiting.state == ClaimState::waiting);
  CHECK(waiting.group == "pr-octo/app-7");
  CHECK(waiting.outbox.empty());
  const Claim started = start_claim(waiting, request, decision, t0 + 5min);
  CHECK(started.state == ClaimState::active);
  CHECK(started.lease_until == t0 + 5min + waiting.limits.lease);
  REQUIRE(started.outbox.size() == 1);
  CHECK(started.outbox[0].kind == EntryKind::launch);
  CHECK(started.outbox[0].timestamp == t0 + 5min);
}

TEST_CASE("a launch that is given up leaves the scope as it was") {
  Request queued = request_of("2");
  queued.queue = true;
  for (const ClaimOutcome outcome : {ClaimOutcome::success, ClaimOutcome::failure,
                                     ClaimOutcome::cancelled, ClaimOutcome::released}) {
    const Claim before = ended(outcome);
    for (const Request& request : {queued, request_of("2")}) {
      const Policy force = with([](Policy& p) { p.force = true; });
      const Claim claim = *decide(before, request, force, t0 + 1h).next;
      Claim back =
          std::get<Claim>(decode_claim(encode_claim(abandon_claim(claim, "given up", t0 + 2h))));
      CHECK(back.generation == before.generation + 1);
      back.generation = before.generation;
      CHECK(back == before);
    }
  }
  // Who takes over from a waiter that died carries on what that one had replaced.
  const Claim waiting = *decide(ended(ClaimOutcome::success), queued,
                                with([](Policy& p) { p.force = true; }), t0 + 1h)
                             .next;
  Request next = request_of("3");
  next.queue = true;
  const Claim taken = *decide(waiting, next, Policy{}, t0 + 12h).next;
  CHECK(abandon_claim(taken, "given up", t0 + 13h).outcome == ClaimOutcome::success);
  CHECK(end_claim(taken, ClaimOutcome::failure, "failure", t0 + 13h).former.empty());
  const Claim nothing = *decide(std::nullopt, queued, Policy{}, t0).next;
  CHECK(abandon_claim(nothing, "given up", t0 + 1h).outcome == ClaimOutcome::abandoned);
}

TEST_CASE("a launch of which nothing was executed is answered, and the scope is as it was") {
  const Claim before = ended(ClaimOutcome::failure);
  const Policy allow = with([](Policy& p) { p.retry = Retry::allow; });
  Request request = request_of("2");
  request.ledgers = {"refs/refgate/budgets/actor/ann"};
  const Claim launched = *decide(before, request, allow, t0 + 1h).next;
  CHECK(launched.ledgers == request.ledgers);
  const Claim back = give_back_claim(launched, "nothing was executed", t0 + 2h);
  CHECK(back.outcome == ClaimOutcome::failure);
  CHECK(back.attempts == before.attempts);
  CHECK(back.ended_at == before.ended_at);
  CHECK(back.generation == 2);
  CHECK(back.ledgers.empty());
  REQUIRE(back.outbox.size() == before.outbox.size() + 2);
  const AuditEntry& launch = back.outbox[back.outbox.size() - 2];
  const AuditEntry& answer = back.outbox.back();
  CHECK(launch.kind == EntryKind::launch);
  CHECK(answer.kind == EntryKind::given_back);
  CHECK_FALSE(answer.executed);
  CHECK(answer.launch == launch.id);
  CHECK(answer.reason == "nothing was executed");
  const auto read = decode_entry(encode_entry(answer));
  REQUIRE(read);
  CHECK(read->entry == answer);

  const Claim first = *decide(std::nullopt, request, allow, t0).next;
  const Claim nothing = give_back_claim(first, "nothing was executed", t0 + 1h);
  CHECK(nothing.outcome == ClaimOutcome::abandoned);
  CHECK(nothing.attempts == 0);
  CHECK(nothing.ledgers.empty());
}

TEST_CASE("a launch that nobody was told of is answered where it may be in the record already") {
  const Claim fresh = first_claim();
  CHECK(abandon_claim(fresh, "untold", t0 + 1min).outbox.empty());
  const Claim renewed = first_claim([](Claim& c) { c.renewed_at = t0 + 5min; });
  const Claim published = first_claim([](Claim& c) { c.outbox.clear(); });
  for (const Claim& claim : {renewed, published}) {
    const Claim back = abandon_claim(claim, "untold", t0 + 6min);
    REQUIRE(back.outbox.size() == 1);
    CHECK(back.outbox[0].kind == EntryKind::given_back);
    CHECK(back.outbox[0].launch == fresh.outbox[0].id);
  }
}

TEST_CASE("a run's own failure is told apart from another's") {
  const auto own = [](ClaimOutcome outcome, const char* run, unsigned attempt = 2) {
    return is_own_failure(ended(outcome), request_of(run, "push", attempt).holder);
  };
  CHECK(own(ClaimOutcome::failure, "1"));
  CHECK(own(ClaimOutcome::failure, "1", 1));
  CHECK(own(ClaimOutcome::cancelled, "1"));
  CHECK(own(ClaimOutcome::lost, "1"));
  CHECK_FALSE(own(ClaimOutcome::success, "1"));
  CHECK_FALSE(own(ClaimOutcome::failure, "2"));
  CHECK_FALSE(own(ClaimOutcome::abandoned, "1"));
  CHECK_FALSE(is_own_failure(first_claim(), request_of("1", "push", 2).holder));
  CHECK(outcome_for_others(ended(ClaimOutcome::failure)) == "failure");
  CHECK(outcome_for_others(ended(ClaimOutcome::released)) == "cancelled");
  CHECK(outcome_for_others(first_claim()).empty());
  CHECK(outcome_for_others(ended(ClaimOutcome::abandoned)).empty());
}
