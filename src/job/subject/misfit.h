#pragma once
// What the job's files say and what the remote holds do not fit together: somebody has changed the
// files, or the step asks at another place than its gate did.

#include <string>
#include <utility>

#include "store/store.h"

namespace refgate {

/// No failure of the store: what is waived for those (a gate of this job only watches) stands here.
class Misfit : public StoreError {
 public:
  Misfit(const std::string& message, std::string hint)
      : StoreError(StoreFailure::denied, message, std::move(hint)) {}
};

}  // namespace refgate
