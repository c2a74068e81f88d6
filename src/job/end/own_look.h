#pragma once
// Whether a session of this very job lives at the remote, whatever the job's files say.

#include <optional>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

/// Claims of the caller's run that have not ended.
struct OwnLook {
  std::vector<StoredClaim> own;        ///< of its attempt, job and leg
  std::vector<StoredClaim> namesakes;  ///< of a job that is called so, and is another by the
                                       ///< runner's word, which an earlier step can have changed
  std::vector<StoredClaim> others;     ///< of its other jobs, legs and attempts

  bool empty() const { return own.empty() && namesakes.empty() && others.empty(); }
};

/// `hints` are the refs of what the job's files say was told to skip, was only watched, or has
/// ended. Where claims of the step's own scope bear out each of them, that scope alone is read, by
/// two requests; else all claims are, by two more. Nothing is asked, and nothing seen, outside of a
/// run. Throws StoreError.
OwnLook look_for_own(const Invocation& call, const Settings& settings, Store& store,
                     const std::vector<std::string>& hints);

/// The same, and throws Misfit where a session of this very job is live: this call has not ended
/// it, and only its id would show that it may. Without any hint a namesake counts as its own.
OwnLook require_none_live(const Invocation& call, const Settings& settings, Store& store,
                          const std::vector<std::string>& hints);

}  // namespace refgate
