#pragma once
// The claim that run 1 made with a push, and requests like it.

#include <functional>
#include <string>

#include "core/claim/transition.h"
#include "core/decision/decision.h"

namespace decision_sample {

using namespace refgate;
using namespace std::chrono_literals;

inline const Instant t0 = *parse_rfc3339("2026-11-22T02:00:00Z");

inline Request request_of(const std::string& run_id, const std::string& event = "push",
                          unsigned attempt = 1) {
  Request request;
  request.holder.run_id = run_id;
  request.holder.run_attempt = attempt;
  request.holder.run_url = "https://example.test/runs/" + run_id;
  request.event = event;
  request.workflow = "Review";
  request.commit = "9fceb02d0ae598e95dc970b74767f19372d61af8";
  request.session_key = "review-" + event + "-9fceb02d";
  request.scope = "refs/refgate/claims/commit-9f/review.yml";
  request.nonce = "nonce-of-" + run_id + "-" + std::to_string(attempt);
  return request;
}

/// The claim that run 1 made with a push at t0, then changed.
inline Claim first_claim(const std::function<void(Claim&)>& change = [](Claim&) {}) {
  Claim claim = *decide(std::nullopt, request_of("1"), Policy{}, t0).next;
  change(claim);
  return claim;
}

inline Claim ended(ClaimOutcome outcome, Duration after = 10min) {
  return end_claim(first_claim(), outcome, name_of(outcome), t0 + after);
}

inline Policy with(const std::function<void(Policy&)>& change) {
  Policy policy;
  change(policy);
  return policy;
}

}  // namespace decision_sample
