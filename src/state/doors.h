#pragma once
// One look at all doors of a scope.

#include <map>
#include <string>

#include "core/decision/doors.h"
#include "state/claiming.h"

namespace refgate {

enum class Meeting {
  mark,   ///< a claim that cannot be told from the caller's own is marked, so that it mutes nobody
  leave,  ///< for those who only look
};

/// Reads every door of `asking.first_door`, and sets `asking.scope` to the one that the caller
/// decides by and claims at, `asking.met` to what it met. Two requests at most, and one push where
/// a claim is marked. Throws StoreError(unreadable) as read_claim.
SeenClaim look_at_doors(Store& store, Request& asking, Meeting meeting);

/// True when a door stands beside this first one, by a list of names. Who finds no first door takes
/// it that there is none at all, so it is forgotten last, when the others have been seen to be
/// gone.
bool has_doors(const std::string& ref, const std::map<std::string, Version>& names);

}  // namespace refgate
