#pragma once
// The note of a claim as a text. Anything in the job can have written it: it is a hint.

#include <optional>
#include <string>
#include <string_view>

#include "core/claim/claim.h"
#include "core/claim/phase.h"
#include "store/store.h"

namespace refgate {

struct ClaimNote {
  std::string ref;  ///< of the claim
  std::string name_space;
  std::string remote;  ///< as the store describes itself
  std::string
      runner_job;  ///< RUNNER_TRACKING_ID, which differs between two jobs on one machine; or empty
  std::optional<Version>
      version;  ///< the value that our last acknowledged swap left; empty before the first
  std::optional<Version>
      expected;  ///< what the swap that was not answered yet expected to find; empty: nothing
  Phase phase = Phase::told;
  bool unclaimed = false;  ///< told to run without a claim that is known to be made, or to have
                           ///< come to its turn
  Claim claim;             ///< as last swapped, or as about to be
  std::string job_status;  ///< as `audit` was told; empty until then
  Spent spent;             ///< likewise

  bool is_over() const { return refgate::is_over(phase); }
  /// False when it is no step from the note's phase, which then stays.
  bool take(PhaseStep step);
};

std::string encode_note(const ClaimNote& note);

/// nullopt for anything but a note of this version with a claim that can be read. Never throws, on
/// any text.
std::optional<ClaimNote> decode_note(std::string_view text);

}  // namespace refgate
