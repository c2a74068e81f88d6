#pragma once
// Which claims a caller owns: those of its job's state, or the one whose id it can show.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "job/note/job_state.h"
#include "state/claiming.h"

namespace refgate {

/// Who a step is, by its own options and the runner's variables. What it does not say of itself
/// does not tell it apart.
struct Self {
  std::string run_id;
  std::string run_attempt;
  std::string job;
  std::string job_index;
  std::string claim_id;     ///< that the step names: it owns that claim, whoever made it
  bool in_actions = false;  ///< else the folder is the user's, and a note of it is the user's word
};
Self self_of(const Invocation& call, const Settings& settings);

/// The same as a claim would name it; the attempt is 1 where nothing says it.
Holder caller_of(const Invocation& call, const Settings& settings);

/// Whether the step may end or renew the claim, which stands at the remote.
bool is_own(const Claim& claim, const Self& self);

/// Why the ref that a note gives is none that a claim of the namespace can have; nullopt when it
/// can.
std::optional<std::string> misnamed(const std::string& ref, const std::string& name_space);

/// What is known of the note's claim without reading it: only a copy that makes the very object
/// that the remote must hold, of a claim that is the step's own. Anything else is looked at.
SeenClaim proven(const ClaimNote& note, const Self& self);

/// Why what the note names is not the step's; nullopt when it is, as far as the note tells. What
/// the note says of the remote's value is dropped unless it is proven.
std::optional<std::string> disproven(ClaimNote& note, const Settings& settings, const Self& self);

/// The notes of the claims that this caller owns: by `--claim-id`, or those of its own job.
std::vector<ClaimNote> notes_of_job(const Settings& settings, const JobState& state,
                                    const Environment& environment, const std::string& remote);

/// Those of the notes of its own job, or of the claim that `--claim-id` names, which say that the
/// claim stands at another remote or in another namespace. None where the folder is the user's,
/// which holds what was done anywhere.
std::vector<ClaimNote> notes_of_elsewhere(const Settings& settings, const JobState& state,
                                          const Environment& environment,
                                          const std::string& remote);

/// What a caller who looks for a claim knows besides its id. Each may be empty.
struct ClaimHints {
  std::string commit;
  std::string run_id;
  std::string ref;  ///< where its own claim would stand
};

/// What is held in memory of a search at once; a claim takes 64 KiB at most.
inline constexpr std::size_t most_searched_at_once = 256;

/// The claims' names in three groups: those that name the commit or the run, those of the same
/// share, all others. No name holds a claim's id, so that the likely ones can only be read first.
std::vector<std::vector<std::string>> likeliest_first(const std::map<std::string, Version>& names,
                                                      const ClaimHints& hints);

/// The ref of the claim with that id; empty when there is none. Reads the groups in their order,
/// and no more than it takes to find it. Throws StoreError.
std::string search_claim(Store& store, const std::string& name_space, const std::string& claim_id,
                         const ClaimHints& hints);

/// The ref of the claim that `--claim-id` names: at the scope of the caller's event, or anywhere.
/// Empty when there is none.
std::string find_claim(const Invocation& call, const Settings& settings, Store& store);

}  // namespace refgate
