#pragma once
// How a verdict is told: NAME=value lines, outputs, an annotation, the job summary.

#include <optional>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "core/claim/queue.h"
#include "core/decision/decision.h"

namespace refgate {

/// What a verdict is printed as; outputs and summary are the same for all.
enum class TellAs {
  all_lines,
  original_lines,  ///< only the five names of the original (`check`)
  sentence,  ///< one line on standard error, since standard output belongs to the command that is
             ///< run
};

struct Told {
  Verdict verdict = Verdict::skip;
  ReasonCode code = ReasonCode::unreadable;
  std::string reason;
  std::string session_key;
  std::string claim_id;  ///< only when the caller owns the claim: a skip hands out no nonce
  std::uint64_t generation = 0;
  unsigned run_attempt = 1;
  std::string holder_run_id;
  std::string holder_run_url;
  std::string holder_outcome;    ///< how the session that suppresses ended, see outcome_for_others
  bool own_failure = false;      ///< see is_own_failure: a skip that must not let this run end well
  std::optional<Instant> until;  ///< of a skip by time: when it makes sense to ask again
  bool observing = false;        ///< nobody is held back, whatever is decided
  bool would_skip = false;       ///< it runs, since it is only watched: enforcing would skip
  bool red = false;  ///< a skip that fails the step, since its work has not ended with success
  std::string group;
  std::size_t position = 0;    ///< in the group's line; 0: in none
  std::optional<Ticket> head;  ///< of that line, when it was seen
  std::string line;            ///< for people, which line: "in line of group …"; or empty
  std::string
      result_id;  ///< of the latest result that the session which the verdict is about has kept
  std::optional<Claim> holder;         ///< the claim that a skip is about, or would be
  std::vector<std::string> joined_by;  ///< see Request::joined_by
  std::string run_url;                 ///< of the caller's own run
  TellAs as = TellAs::all_lines;
};

Told told_of(const Decision& decision, const Request& request, const std::optional<Claim>& holder);

/// Why there is no answer, and what the user may change.
struct Trouble {
  std::string message;
  std::string hint;              ///< or empty
  std::string yaml;              ///< to paste into the workflow; or empty
  bool claim_may_stand = false;  ///< see Failure
};

/// Writes the outputs, and prints. Throws OutputError when GITHUB_OUTPUT or standard output cannot
/// be written: then nobody was told, and the guards are closed.
/// With `trouble` the call fails, and leaves one error instead of a verdict.
void tell(const Invocation& call, const Told& told, const std::optional<Trouble>& trouble = {});

/// What the user chose for when there is no answer. `trouble` is there when the call fails.
struct NoAnswer {
  Told told;
  std::optional<Trouble> trouble;
  int exit = exit_done;
};
NoAnswer no_answer(const Invocation& call, const Policy& policy, const Request& request,
                   const StoreError& error);

/// unreachable, denied, unreadable or read_only.
ReasonCode code_of(const StoreError& error);

}  // namespace refgate
