// What a person sees of a session's end: a line of the job summary, and a warning when the session
// was not this job's any more.

#include <algorithm>
#include <ostream>

#include "job/end/ending.h"
#include "job/verdict/glance.h"
#include "runner/runner.h"

namespace refgate {
namespace {

std::string clock_time(Instant at) { return format_rfc3339(at).substr(11, 5) + " UTC"; }

bool was_freed(const Ended& ended) {
  return ended.result == Ended::Result::already && (ended.claim.outcome == ClaimOutcome::released ||
                                                    ended.claim.outcome == ClaimOutcome::lost);
}

/// nullopt: the session was this job's to its end.
std::optional<std::string> how_lost(const Ended& ended) {
  if (was_freed(ended) && ended.claim.outcome == ClaimOutcome::lost)
    return "was given up as lost at " + clock_time(ended.claim.ended_at.value_or(now())) +
           ", since nothing was heard of it";
  if (was_freed(ended))
    return "was released at " + clock_time(ended.claim.ended_at.value_or(now())) +
           (ended.claim.note.empty() ? "" : " (" + ended.claim.note + ")");
  if (ended.result != Ended::Result::not_ours) return std::nullopt;
  // What was launched without a claim had none to lose.
  if (!ended.seen && ended.unclaimed) return std::nullopt;
  if (!ended.seen) return "is gone from the store";
  const Holder& holder = ended.seen->holder;
  return (ended.unclaimed ? "had no claim" : "was lost at " + clock_time(ended.seen->claimed_at)) +
         ": " + (holder.run_id.empty() ? "another caller" : "run " + holder.run_id) +
         (ended.seen->state == ClaimState::ended ? " did this work" : " does this work now");
}

}  // namespace

std::string describe_left_live(const ClaimNote& note, const Self& self) {
  if (!note.version && note.phase == Phase::told)
    return note.claim.session_key +
           " was not ended: no claim of it is known, and its end is not in the record";
  const SeenClaim known = proven(note, self);
  if (!known.claim) return "the session was not ended; its claim passes when its lease does";
  const Claim& claim = *known.claim;
  return claim.session_key + " was not ended: unless it is renewed, the claim stands until " +
         format_rfc3339(claim.lease_until) + ", and for its skew of " +
         format_duration(claim.limits.skew) + " after that";
}

void tell_end(const Invocation& call, const Ended& ended, const std::string& session_key,
              std::ostream& commands) {
  if (const auto lost = how_lost(ended)) {
    const std::string text = "This job's session " + *lost + "; this job's result does not count";
    commands << annotation(call.environment, "warning", "refgate: session lost", text);
    append_summary(call.environment, "\n⚠️ " + escape_for(Place::markdown, text) + " (" +
                                         escape_for(Place::markdown, session_key) + ").\n\n");
    return;
  }
  if (ended.result != Ended::Result::ended) return;
  if (ended.given_back) {
    append_summary(
        call.environment,
        "\n↩️ **Nothing was executed**: the session is given back, and the next event "
        "does the work (" +
            escape_for(Place::markdown, session_key) + ").\n\n");
    return;
  }
  const Claim& claim = ended.claim;
  if (claim.until) {
    // No promise: nobody does it now, and nobody starts by itself then.
    const std::string text =
        "This work is not done, since its provider's limit was reached: the "
        "first event or re-run after " +
        format_rfc3339(*claim.until).substr(0, 19) +
        "Z does it, and refgate status --due lists it then";
    commands << annotation(call.environment, "warning", "refgate: come back later", text);
    append_summary(call.environment, "\n⏳ " + escape_for(Place::markdown, text) + " (" +
                                         escape_for(Place::markdown, session_key) + ").\n\n");
    return;
  }
  append_summary(
      call.environment,
      glance_at_end(session_key, name_of(claim.outcome),
                    std::max(Duration::zero(), claim.ended_at.value_or(now()) - claim.claimed_at)));
}

}  // namespace refgate
