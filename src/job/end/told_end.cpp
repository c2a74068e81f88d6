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

/// Of a claim that somebody else ended while this job still believed in it.
std::string how_ended_by_others(const Claim& claim) {
  const std::string at = clock_time(claim.ended_at.value_or(now()));
  if (!claim.superseded_by.empty())
    return "was superseded at " + at + ": a newer head of its branch came, by run " +
           claim.superseded_by;
  if (claim.outcome == ClaimOutcome::lost)
    return "was given up as lost at " + at + ", since nothing was heard of it";
  if (claim.outcome == ClaimOutcome::released)
    return "was released at " + at + (claim.note.empty() ? "" : " (" + claim.note + ")");
  return {};
}

std::string loss_sentence(const std::string& loss) {
  return "This job's session " + loss + "; this job's result does not count";
}

}  // namespace

std::string describe_loss(const Ended& ended) {
  if (ended.result == Ended::Result::already) return how_ended_by_others(ended.claim);
  if (ended.result != Ended::Result::not_ours) return {};
  // What was launched without a claim had none to lose.
  if (!ended.seen && ended.unclaimed) return {};
  if (!ended.seen) return "is gone from the store";
  const Holder& holder = ended.seen->holder;
  return (ended.unclaimed ? "had no claim" : "was lost at " + clock_time(ended.seen->claimed_at)) +
         ": " + (holder.run_id.empty() ? "another caller" : "run " + holder.run_id) +
         (ended.seen->state == ClaimState::ended ? " did this work" : " does this work now");
}

void summarize_loss(const Invocation& call, const std::string& loss,
                    const std::string& session_key) {
  append_summary(call.environment, "\n⚠️ " + escape_for(Place::markdown, loss_sentence(loss)) +
                                       " (" + escape_for(Place::markdown, session_key) + ").\n\n");
}

void tell_loss(const Invocation& call, const std::string& loss, const std::string& session_key,
               std::ostream& commands) {
  if (loss.empty()) return;
  commands << annotation(call.environment, "warning", "refgate: session lost", loss_sentence(loss));
  summarize_loss(call, loss, session_key);
}

std::string describe_left_live(const ClaimNote& note, const Self& self, bool may_be_ended) {
  if (!note.version && note.phase == Phase::told)
    return note.claim.session_key +
           " was not ended: no claim of it is known, and its end is not in the record";
  const SeenClaim known = proven(note, self);
  if (!known.claim)
    return std::string(may_be_ended ? "whether the session was ended is not known"
                                    : "the session was not ended") +
           "; its claim passes when its lease does";
  const Claim& claim = *known.claim;
  return claim.session_key +
         (may_be_ended ? " may have been ended; if not, and unless" : " was not ended: unless") +
         " it is renewed, the claim stands until " + format_rfc3339(claim.lease_until) +
         ", and for its skew of " + format_duration(claim.limits.skew) + " after that";
}

void tell_end(const Invocation& call, const Ended& ended, const std::string& session_key,
              std::ostream& commands) {
  tell_loss(call, describe_loss(ended), session_key, commands);
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
