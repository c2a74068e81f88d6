#pragma once
// The record as it lies in the store: notes, folded days, and the outboxes of claims.

#include <map>
#include <string>
#include <vector>

#include "core/audit.h"
#include "core/claim.h"
#include "store/store.h"

namespace refgate {

struct StoredClaim {
  std::string ref;
  Version version;
  Claim claim;
};

struct UnreadableRef {
  std::string ref;
  std::string why;
};

struct Claims {
  std::vector<StoredClaim> claims;
  std::vector<UnreadableRef> unreadable;  ///< left alone, and named
};
Claims read_claims(Store& store, const std::string& name_space);

struct Record {
  std::vector<ReadEntry> entries;         ///< by time; one of each id, whether it stands in a note, a folded day or an outbox
  std::vector<UnreadableRef> unreadable;  ///< notes that nobody of ours wrote, or of a newer version
};
Record read_record(Store& store, const std::string& name_space, const Claims& claims);

}  // namespace refgate
