#pragma once
// Pauses as they lie in the store: one record, changed by compare-and-swap.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/governing/pause.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

/// Picks the pauses out of what was read; none when there is no ref. Throws StoreError(unreadable)
/// for a record that is broken or of a newer version: it is left alone.
Pauses pauses_in(const std::map<std::string, Stored>& read, const std::string& ref);

/// The pause that stops the caller now, by what was read. Throws as pauses_in.
std::optional<Pause> pause_in(const std::map<std::string, Stored>& read, const PausePlace& place);

/// By one reading. Throws StoreError.
std::optional<Pause> look_at_pauses(Store& store, const PausePlace& place);

/// For those who show or forget: a record that cannot be read is named instead of thrown.
struct StoredPauses {
  Pauses pauses;
  std::optional<Version> version;
  std::vector<UnreadableRef> unreadable;

  /// Without those that are over.
  std::vector<Pause> standing(Instant now) const;
};
StoredPauses stored_pauses_in(const std::map<std::string, Stored>& read, const std::string& ref);
StoredPauses read_pauses(Store& store, const std::string& name_space);

/// Swaps the list until that succeeds; the ref goes with the last pause. `change` returns nullopt
/// to leave it as it is. True when it was changed. Throws StoreError.
bool change_pauses(Store& store, const std::string& name_space,
                   const std::function<std::optional<Pauses>(const Pauses&)>& change);

}  // namespace refgate
