#include "job/end/judgement.h"

#include <ostream>

#include "core/claim/transition.h"
#include "core/words/brief.h"
#include "job/note/told_skip.h"
#include "job/subject/own_claims.h"
#include "runner/runner.h"

namespace refgate {
std::optional<bool> own_failure_of(const Invocation& call, std::vector<std::string>& faults) {
  const std::string said = call.option("own-failure", call.environment.get("REFGATE_OWN_FAILURE"));
  if (said.empty()) return std::nullopt;
  if (said == "true" || said == "false") return said == "true";
  faults.push_back("--own-failure is \"" + brief(said) +
                   "\", but must be true or false, as the gate's output own_failure is");
  return std::nullopt;
}

Judgement::Judgement(const Invocation& call, const Settings& settings, const JobState& state,
                     std::optional<bool> handed_on)
    : caller_(caller_of(call, settings)), handed_on_(handed_on) {
  for (const ToldSkip& skip : told_skips(state, caller_))
    if (skip.own_failure) fail(skip.reason);
  if (handed_on_.value_or(false)) fail("its gate says so");
}

void Judgement::hear(const Ended& ended) {
  const Claim& claim = ended.claim;
  const bool earlier = ended.result == Ended::Result::already && is_own_failure(claim, caller_) &&
                       claim.holder.run_attempt < caller_.run_attempt;
  const bool judged_here = handed_on_ && ended.result == Ended::Result::ended &&
                           (ended.given_back || claim.outcome != ClaimOutcome::success);
  if (earlier)
    fail("attempt " + std::to_string(claim.holder.run_attempt) + " ended with " +
         std::string(name_of(claim.outcome)));
  else if (judged_here)
    fail(ended.given_back ? "nothing was executed"
                          : "it ended with " + std::string(name_of(claim.outcome)));
}

int Judgement::tell(const Invocation& call) const {
  if (why_.empty()) return exit_done;
  const std::string text =
      "this run's own session did not end with success, so that this job does not either: " + why_;
  call.err << "refgate: " << escape_for(Place::line, text) << "\n"
           << annotation(call.environment, "error", "refgate: the work is not done", text);
  return exit_no;
}

void Judgement::fail(const std::string& why) {
  if (why_.empty()) why_ = why;
}

}  // namespace refgate
