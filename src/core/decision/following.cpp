#include "core/decision/following.h"

#include <string>
#include <utility>

#include "core/words/shorten.h"

namespace refgate {
namespace {

bool is_held(const Decision& decision, const std::optional<Claim>& holder) {
  return decision.verdict == Verdict::skip && holder && holder->state != ClaimState::ended &&
         (is_promise(decision.code) || decision.code == ReasonCode::queued);
}

bool is_of_own_run(const Claim& claim, const Request& request) {
  return request.in_run && !request.holder.run_id.empty() &&
         claim.holder.run_id == request.holder.run_id &&
         claim.holder.run_attempt == request.holder.run_attempt;
}

Decision with_reason(Decision decision, ReasonCode code, std::string reason) {
  decision.code = code;
  decision.reason = std::move(reason);
  if (!decision.line) return decision;
  decision.line->reason_code = name_of(decision.code);
  decision.line->reason = shortened(decision.reason, bounds::reason);
  return decision;
}

}  // namespace

bool stands_for_done_work(const Decision& decision, const std::optional<Claim>& holder) {
  return decision.verdict == Verdict::skip && is_promise(decision.code) && holder &&
         holder->state == ClaimState::ended && holder->outcome == ClaimOutcome::success;
}

bool is_waited_for(const Decision& decision, const std::optional<Claim>& holder,
                   const Request& request) {
  return is_held(decision, holder) && !is_of_own_run(*holder, request);
}

bool is_held_by_own_run(const Decision& decision, const std::optional<Claim>& holder,
                        const Request& request) {
  return is_held(decision, holder) && is_of_own_run(*holder, request);
}

Decision waited_in_vain(Decision decision, const Claim& holder, Duration waited, Instant now) {
  return with_reason(std::move(decision), ReasonCode::wait_expired,
                     "The work has not ended within " + format_duration(waited) +
                         " (--wait), and is still held by " + describe_holder(holder, now) +
                         (holder.holder.run_id.empty() ? std::string()
                                                       : ". If that is stuck, free it: " +
                                                             how_to_free(holder.holder.run_id)));
}

Decision not_followed(Decision decision) {
  const ReasonCode code = decision.code;
  std::string reason = "A run does not follow its own jobs. " + decision.reason;
  return with_reason(std::move(decision), code, std::move(reason));
}

}  // namespace refgate
