#pragma once
// Whether a session of this very job lives at the remote, whatever the job's files say.

#include <string>
#include <vector>

#include "call/invocation.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

/// What the job's files say of the claims that its `finish` meets.
struct LookHints {
  std::vector<std::string> refs;  ///< of what was told to skip, was only watched, or has ended
  std::vector<std::string> told;  ///< scopes that this job stood back from, or ran beside: what
                                  ///< stands there is expected to be another's
  std::vector<std::string> claimless;  ///< of the same, those that no claim was the reason of
  bool names_its_work = false;  ///< the step says whose end it asks for, and this is all it is of
};

/// Claims of the caller's run that have not ended.
struct OwnLook {
  std::vector<StoredClaim> own;        ///< of its attempt, job and leg
  std::vector<StoredClaim> aside;      ///< likewise, at other work than the step's, which a gate
                                       ///< told it to skip
  std::vector<StoredClaim> namesakes;  ///< of a job that is called so, and is another by the
                                       ///< runner's word, which an earlier step can have changed;
                                       ///< but those for whose sake this job was told to skip
  std::vector<StoredClaim> others;     ///< of its other jobs, legs and attempts
};

/// Where a claim of the step's own piece of work stands; empty where the step does not say which.
std::string own_ref(const Invocation& call, const Settings& settings);

/// Where claims of the step's own scope bear out each of the hints (one that is of no claim needs
/// none), or the step names its work and
/// was told to skip it, that scope alone is read, by two requests; else all claims are, by two
/// more. Nothing is asked, and nothing seen, outside of a run. Throws StoreError, and Misfit where
/// a session of this very job is live: this call has not ended it, and only its id would show that
/// it may. A namesake that is known to be another job is none.
OwnLook require_none_live(const Invocation& call, const Settings& settings, Store& store,
                          const LookHints& hints);

}  // namespace refgate
