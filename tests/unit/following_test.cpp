#include "core/decision/following.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");

Claim claim(ClaimState state, ClaimOutcome outcome = ClaimOutcome::none) {
  Claim made;
  made.claim_id = "a";
  made.state = state;
  made.outcome = outcome;
  made.event = "push";
  made.holder.run_id = "1";
  made.claimed_at = made.renewed_at = noon;
  made.lease_until = noon + 1h;
  made.limits = {1h, 60s, 24h * 7, 1h};
  if (state == ClaimState::ended) made.ended_at = noon + 10min;
  return made;
}

Request request(const std::string& run = "2") {
  Request asking;
  asking.holder.run_id = run;
  asking.event = "push";
  asking.nonce = "b";
  asking.in_run = true;
  return asking;
}

/// What a follower sees: "runs", "waits", "own", "green" or "red".
std::string seen(const std::optional<Claim>& state, const Request& asking,
                 const Policy& policy = {}, const Surroundings& around = {}) {
  const Decision decision = decide(state, asking, policy, noon + 20min, around);
  if (decision.verdict == Verdict::run) return "runs";
  if (is_waited_for(decision, state, asking)) return "waits";
  if (is_held_by_own_run(decision, state, asking)) return "own";
  return stands_for_done_work(decision, state) ? "green" : "red";
}

}  // namespace

TEST_CASE("a follower waits for who lives, is green for what is done, and red for the rest") {
  const auto ended = [](ClaimOutcome outcome) { return claim(ClaimState::ended, outcome); };
  CHECK(seen(std::nullopt, request()) == "runs");
  CHECK(seen(claim(ClaimState::active), request()) == "waits");
  CHECK(seen(claim(ClaimState::held), request()) == "waits");
  CHECK(seen(claim(ClaimState::waiting), request()) == "waits");
  CHECK(seen(claim(ClaimState::active), request("1")) == "own");
  CHECK(seen(claim(ClaimState::waiting), request("1")) == "own");
  CHECK(seen(ended(ClaimOutcome::success), request()) == "green");
  CHECK(seen(ended(ClaimOutcome::success), request("1")) == "green");
  CHECK(seen(ended(ClaimOutcome::failure), request()) == "red");
  CHECK(seen(ended(ClaimOutcome::cancelled), request()) == "runs");
  CHECK(seen(ended(ClaimOutcome::lost), request()) == "runs");
  Request pull = request();
  pull.event = "pull_request";
  CHECK(seen(claim(ClaimState::active), pull) == "waits");
  CHECK(seen(ended(ClaimOutcome::success), pull) == "green");
  CHECK(seen(ended(ClaimOutcome::failure), pull) == "red");
  Request elsewhere = request("1");
  elsewhere.in_run = false;
  CHECK(seen(claim(ClaimState::active), elsewhere) == "waits");
  Policy policy;
  policy.cooldown = 1h;
  CHECK(seen(ended(ClaimOutcome::cancelled), request(), policy) == "red");
  Surroundings around;
  around.paused.emplace();
  CHECK(seen(claim(ClaimState::active), request(), {}, around) == "red");
  CHECK(seen(ended(ClaimOutcome::success), request(), {}, around) == "red");
}

TEST_CASE("what was waited for in vain is told, and recorded, as a wait that is over") {
  const Claim holder = claim(ClaimState::active);
  const Decision skip = decide(holder, request(), {}, noon + 20min);
  const Decision told = waited_in_vain(skip, holder, 1h, noon + 20min);
  CHECK(told.verdict == Verdict::skip);
  CHECK(told.code == ReasonCode::wait_expired);
  CHECK(told.reason.find("within 1h (") != std::string::npos);
  REQUIRE(told.line);
  CHECK(told.line->reason_code == "wait_expired");
  CHECK(told.line->reason == told.reason);
  CHECK(told.line->holder_run_id == "1");
  CHECK(not_followed(skip).code == skip.code);
  CHECK(not_followed(skip).reason.starts_with("A run does not follow its own jobs. "));
}
