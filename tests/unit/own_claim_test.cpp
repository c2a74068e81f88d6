// Whose a claim is, and what becomes of who names one that is gone.

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catch.h"
#include "core/claim/transition.h"
#include "core/decision/decision.h"
#include "decision_sample.h"

using namespace refgate;
using namespace decision_sample;
using namespace std::chrono_literals;

namespace {

Request presenting(Request request, const std::string& nonce) {
  request.presented = {nonce};
  return request;
}

Request naming(Request request, const std::string& nonce) {
  request.named = nonce;
  return request;
}

}  // namespace

TEST_CASE(
    "in a run a note is a hint: own is what the remote says is the step's own, or what it names") {
  const auto in_job = [](const std::string& run, const std::function<void(Holder&)>& change) {
    Request request = request_of(run);
    request.in_run = true;
    request.holder.job = "agent";
    request.holder.job_index = "1";
    request.holder.instance = "one";
    change(request.holder);
    return request;
  };
  const auto same = [](Holder&) {};
  const Claim claim = *decide(std::nullopt, in_job("1", same), Policy{}, t0).next;
  struct Asked {
    const char* name;
    Request request;
    ReasonCode code;
  };
  const std::vector<Asked> rows{
      {"this very job", in_job("1", same), ReasonCode::own},
      {"an instance that nothing tells", in_job("1", [](Holder& h) { h.instance.clear(); }),
       ReasonCode::own},
      {"another run", in_job("7", same), ReasonCode::active_session},
      {"another job", in_job("1", [](Holder& h) { h.job = "work"; }), ReasonCode::active_session},
      {"another leg", in_job("1", [](Holder& h) { h.job_index = "2"; }),
       ReasonCode::active_session},
      {"no leg", in_job("1", [](Holder& h) { h.job_index.clear(); }), ReasonCode::active_session},
      {"another instance", in_job("1", [](Holder& h) { h.instance = "two"; }),
       ReasonCode::active_session},
      {"a later attempt", in_job("1", [](Holder& h) { h.run_attempt = 2; }), ReasonCode::takeover},
  };
  for (const Asked& row : rows) {
    INFO(row.name);
    const Request asked = presenting(row.request, claim.claim_id);
    CHECK(decide(claim, asked, Policy{}, t0 + 1min).code == row.code);
    CHECK(disowned(asked, claim, t0 + 1min).has_value() == (row.code != ReasonCode::own));
    CHECK(decide(claim, naming(row.request, claim.claim_id), Policy{}, t0 + 1min).code ==
          ReasonCode::own);
    CHECK_FALSE(shows(row.request, claim));
  }
}

TEST_CASE("who names a claim that is not live starts nothing, wherever its own scope is") {
  const std::string lost = "nonce-of-9-1";
  const Policy force = with([](Policy& p) { p.force = true; });
  for (const std::optional<Claim>& state :
       {std::optional<Claim>{}, std::optional(ended(ClaimOutcome::released)),
        std::optional(ended(ClaimOutcome::cancelled)),
        std::optional(ended(ClaimOutcome::abandoned)), std::optional(first_claim())}) {
    const Decision decision = decide(state, naming(request_of("9"), lost), Policy{}, t0 + 7h);
    CHECK(decision.verdict == Verdict::skip);
    CHECK(decision.code == ReasonCode::claim_lost);
    CHECK(decision.reason.find("claim-id") != std::string::npos);
    CHECK(decide(state, naming(request_of("9"), lost), force, t0 + 7h).code == ReasonCode::forced);
  }
  CHECK_FALSE(is_promise(ReasonCode::claim_lost));
  for (const auto& [state, code] :
       {std::pair(first_claim(), ReasonCode::active_session),
        std::pair(ended(ClaimOutcome::success), ReasonCode::already_done),
        std::pair(ended(ClaimOutcome::failure), ReasonCode::retry_suppressed)}) {
    const Decision decision = decide(state, naming(request_of("9"), lost), Policy{}, t0 + 15min);
    CHECK(decision.code == code);
    CHECK(decision.reason.find("No live session of this work has the id that claim-id names") !=
          std::string::npos);
  }
}

TEST_CASE("who goes on with a claim that another run has won is its holder") {
  const Claim live = first_claim();
  const auto next = [&](const std::string& run) {
    return decide(live, presenting(request_of(run), live.claim_id), Policy{}, t0 + 1min)
        .next->holder;
  };
  CHECK(next("7") == request_of("7").holder);
  CHECK(next("1") == live.holder);
  CHECK(next("") == live.holder);
}

TEST_CASE("whose session failed before stays known until the work is done") {
  const Policy allow = with([](Policy& p) { p.retry = Retry::allow; });
  std::optional<Claim> claim;
  const auto run = [&](const std::string& id, ClaimOutcome outcome) {
    const Decision decision = decide(claim, request_of(id), allow, t0);
    REQUIRE(decision.next);
    claim = end_claim(*decision.next, outcome, name_of(outcome), t0 + 1s);
  };
  run("1", ClaimOutcome::failure);
  run("2", ClaimOutcome::cancelled);
  run("3", ClaimOutcome::failure);
  CHECK(claim->failed_runs == std::vector<std::string>{"1", "2"});
  for (const char* id : {"1", "2", "3"})
    CHECK(is_own_failure(*claim, request_of(id, "push", 2).holder));
  CHECK_FALSE(is_own_failure(*claim, request_of("4").holder));
  const auto read = decode_claim(encode_claim(*claim));
  REQUIRE(std::holds_alternative<Claim>(read));
  CHECK(std::get<Claim>(read) == *claim);
  for (int id = 10; id < 30; ++id)
    run(std::to_string(id), ClaimOutcome::failure);
  CHECK(claim->failed_runs.size() == most_failed_runs);
  CHECK(claim->failed_runs.back() == "28");
  run("40", ClaimOutcome::success);
  CHECK_FALSE(is_own_failure(*claim, request_of("28", "push", 2).holder));
}
