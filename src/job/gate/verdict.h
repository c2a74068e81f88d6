#pragma once
// How a verdict is told: NAME=value lines, outputs, an annotation, a row of the job summary.

#include <string>

#include "call/invocation.h"
#include "core/claim/decision.h"

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
  std::string group;
  std::size_t position = 0;  ///< in the group's line; 0: in none
  std::string
      result_id;  ///< of the latest result that the session which the verdict is about has kept
  TellAs as = TellAs::all_lines;
};

Told told_of(const Decision& decision, const Request& request, const std::optional<Claim>& holder);

/// Prints and appends everything. Throws std::runtime_error when GITHUB_OUTPUT cannot be written:
/// then the guards stay closed.
void tell(const Invocation& call, const Told& told);

/// What the user chose for when there is no answer. `failure` 0 means that the verdict stands as
/// told.
struct NoAnswer {
  Told told;
  int exit = exit_done;
};
NoAnswer no_answer(const Policy& policy, const Request& request, ReasonCode code,
                   const std::string& message);

/// unreachable, denied, unreadable or read_only.
ReasonCode code_of(const StoreError& error);

}  // namespace refgate
