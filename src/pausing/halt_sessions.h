#pragma once
// `pause --halt`: what runs is ended, too.

#include <string>
#include <vector>

#include "core/governing/pause.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

struct HaltedSessions {
  std::vector<StoredClaim> ended;     ///< as they stood before
  std::vector<UnreadableRef> undone;  ///< the server would not, or the record is not understood
};

/// Ends every live claim of the pause's subject as `release` does: one look, one push for all of
/// them, and again for those that somebody changed meanwhile. Throws StoreError.
HaltedSessions halt_sessions(Store& store, const std::string& name_space, const Pause& pause);

}  // namespace refgate
