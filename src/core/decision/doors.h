#pragma once
// Which of the refs of a scope a caller decides by, and claims at.
//
// The scope's own ref, the first door, holds the push or the first pull request that came, and its
// claim says which pull requests it covers. A pull request that finds a claim there which does not
// cover it uses a door beside it (door_for), in whatever state that claim is. One job of a run that
// meets another one of the same run has a door for itself (door_of_job). All doors of a scope have
// its ref as prefix, so one look shows them. The first door is forgotten last, so that where it is
// absent there is none.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/claim/claim.h"
#include "core/decision/decision.h"
#include "core/text/time.h"

namespace refgate {

struct ClaimAtDoor {
  std::string ref;
  Claim claim;
};

struct Door {
  std::string ref;                     ///< where the caller decides and claims
  const ClaimAtDoor* there = nullptr;  ///< what stands there, of those that were given
  const ClaimAtDoor* met = nullptr;  ///< the claim that cannot be told from the caller's own, which
                                     ///< therefore stands beside it
};

/// True when the claim's result counts for who asks: it covers all of its pull requests. A push
/// covers all of them and is covered by any; but a push and a pull request cover each other no
/// longer than their lock window once the work is done.
bool covers(const Claim& claim, const Request& request, Instant now);

/// A door that holds what does not cover the caller is passed by for the next of its name.
/// By a claim that the caller can show; else by the best of those that cover it: live before done
/// before failed before the rest.
Door choose_door(const Request& request, std::span<const ClaimAtDoor> doors, Instant now);

/// True when `ref` must not be forgotten yet, since another door of its scope is among `standing`.
bool has_other_doors(const std::string& ref, std::span<const std::string> standing);

}  // namespace refgate
