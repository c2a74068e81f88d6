#pragma once
// What an event changes, asked of the REST API: the gate stands before checkout.

#include <optional>
#include <string>

#include "call/invocation.h"
#include "core/event/event.h"

namespace refgate {

struct AskedPatch {
  std::optional<std::string> digest;  ///< see core/event/patch.h
  std::string wrong;                  ///< for people, where there is none
};

/// One request of at most 5 s for at most 8 MB; none with --offline.
/// Source: GitHub's REST reference, "Compare two commits" (GET
/// /repos/{owner}/{repo}/compare/{basehead}), whose media type `application/vnd.github.diff` is the
/// diff from where the two parted; it answers 406 when that is too large.
AskedPatch ask_patch(const Invocation& call, const Settings& settings, const Event& event);

}  // namespace refgate
