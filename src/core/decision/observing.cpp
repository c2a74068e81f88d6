// What `--observe` makes of a decision and of an end: nobody is held back, and what would have been
// is recorded.

#include <algorithm>
#include <string>
#include <utility>

#include "core/claim/claim_line.h"
#include "core/decision/decision.h"
#include "core/words/shorten.h"

namespace refgate {

Policy observing(Policy policy) {
  policy.wait = Duration::zero();
  policy.no_wait = true;
  policy.force = false;
  policy.follow = false;
  return policy;
}

Decision observed(Decision decision) {
  // A pause is a person's word, and holds for those who only watch, too.
  if (decision.verdict != Verdict::skip || decision.code == ReasonCode::paused) return decision;
  decision.verdict = Verdict::run;
  if (decision.line) {
    decision.line->observed = true;
    decision.line->executed = true;
    decision.line->job_status = "observed";
  }
  return decision;
}

AuditEntry observed_end(const Request& request, std::string_view nonce, std::string_view job_status,
                        Instant since, Instant now) {
  AuditEntry line = line_of(request, std::string(nonce), 0, EntryKind::end, now);
  // Whatever the caller's note says, this is the line of no claim's own end.
  line.id = entry_id(nonce, 0, EntryKind::end, "observed");
  line.scope = request.scope;
  line.job_status = shortened(job_status, bounds::word);
  line.executed = meaning_of_status(job_status).executed;
  line.duration = std::max(Duration::zero(), now - since);
  line.observed = true;
  return line;
}

}  // namespace refgate
