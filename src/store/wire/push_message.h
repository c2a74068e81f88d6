#pragma once
// A push as git-receive-pack takes it, and its report (gitprotocol-pack, "Pushing Data To a
// Server").

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "store/git/plan.h"

namespace refgate {

/// What came back from a push. A ref that is in neither got no status, and nothing is known about
/// it.
struct PushReport {
  std::set<std::string> accepted;
  std::map<std::string, std::string> refused;  ///< ref → the server's reason
  std::string remarks;                         ///< what the server said besides
};

/// The commands with the values that they expect, and a pack of what they need. `capabilities`
/// begins with a blank.
std::string push_request(std::span<const PlannedChange* const> changes,
                         std::string_view capabilities);

/// Takes out of a server's words what no message may repeat.
using Masking = std::function<std::string(std::string)>;

/// Throws WireError when the answer holds no report. Each of the server's words passes `masked`
/// before it is shortened.
PushReport parse_push_report(std::string_view answer, const Masking& masked);

/// The objects of these changes, each once.
std::string make_pack(std::span<const PlannedChange* const> changes);

}  // namespace refgate
