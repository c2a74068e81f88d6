#pragma once
// What becomes of a claim after it was won: ended, given back, freed, lost. Each writes the lines
// of the record that say so into the claim's outbox. Pure.

#include <string_view>

#include "core/claim/claim.h"
#include "core/text/time.h"

namespace refgate {

/// The claim as its holder ends it: outcome, end time, and the `end` line in the outbox.
/// `published` lines leave the outbox.
Claim end_claim(const Claim& claim, ClaimOutcome outcome, std::string_view job_status, Instant now);

/// A claim that end_claim ended, with what its job says that it cost; its `end` line says it too.
Claim with_cost(Claim ended, const Spent& spent);

/// A claim whose session never started, and of which nobody was told to run: its launch line is
/// gone, or answered where it may be published already, and the scope is as it was. What had ended
/// before has ended as it had, under the generation of `claim`; where there was nothing, the claim
/// ends as abandoned, which suppresses nothing.
Claim abandon_claim(const Claim& claim, std::string_view why, Instant now);

/// Likewise, when its caller was told to run, and nothing was executed: the launch stays in the
/// record, and a line `given_back` answers it.
Claim give_back_claim(const Claim& claim, std::string_view why, Instant now);

/// The claim as a person frees it, a live one or one that has ended: the next caller may take it
/// over, a re-run too, and its launches count no more.
Claim release_claim(const Claim& claim, std::string_view who, std::string_view why, Instant now);

/// The claim as the gate of a newer head ends it: cancelled, and what was done by then is left.
Claim supersede_claim(const Claim& claim, std::string_view newer_run, Instant now);

/// The claim of which nobody has heard since its lease passed, as one who passes it ends it: lost,
/// or as if it had never been made where it only waited. A renewal that is on its way comes too
/// late then.
Claim lose_claim(const Claim& claim, Instant now);

/// The line that says that nobody has heard of the holder since its lease passed.
AuditEntry lost_line(const Claim& claim, Instant now);

/// How a claim's session ended, for outputs: "success", "failure", "limited" or "cancelled";
/// empty while it lives, and when nothing was launched.
std::string_view outcome_for_others(const Claim& claim);

/// True when `claim` is this run's own, of whatever attempt, and ended otherwise than with success:
/// then a skip must not let the run end well.
bool is_own_failure(const Claim& claim, const Holder& caller);

}  // namespace refgate
