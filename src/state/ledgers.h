#pragma once
// The ledgers of budgets as they lie in the store.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/policy/budget.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

struct StoredLedger {
  std::string ref;
  Version version;
  Ledger ledger;
};

struct Ledgers {
  std::vector<StoredLedger> ledgers;
  std::vector<UnreadableRef> unreadable;  ///< left alone, and to be named
};
/// Those among what was read.
Ledgers ledgers_in(const std::map<std::string, Stored>& read, const std::string& name_space);
/// The least that any ledger has left, by the kind of its budget and its unit ("repo", "usd"), as
/// far as those who entered a launch have told. What strangers cause is not in it.
std::map<std::pair<std::string, std::string>, std::uint64_t> left_of(const Ledgers& ledgers,
                                                                     const std::string& name_space,
                                                                     Instant now);
Ledgers read_ledgers(Store& store, const std::string& name_space);

}  // namespace refgate
