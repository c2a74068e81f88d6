#pragma once
// The texts that tell pieces of work apart.
//
// Two rules hold throughout. A delivery that starts two workflows gives both the same identity, so
// nothing of the run goes into it. And two deliveries that ask for different work differ in it, so
// an edit carries its revision, and an action the label, person or milestone it is about.

#include <string>
#include <vector>

#include "core/event/event.h"
#include "core/event/event_payload.h"

namespace refgate {

/// The parts, joined by '/'. '/' and '%' are escaped inside of parts, so that different lists give
/// different texts. Empty parts are left out: that is what a payload does not tell, and no event
/// has two such parts of one form. Over max_event_text_bytes it is "sha256:" and a digest.
std::string identity_text(const std::vector<std::string>& parts);

/// What the event's action is about beyond the thing at `object` (a path): a label, a person, a
/// milestone, the revision of an edit. A label is required where the action names one; the rest is
/// empty when the payload has null, as for a deleted account.
std::vector<std::string> subject_of_action(EventPayload& payload, const std::string& action,
                                           const std::string& object);

/// "17" for the thing's first appearance, else "17/deleted", "17/edited/2026-01-02T03:04:05Z",
/// "17/labeled/bug".
std::string identity_with_action(EventPayload& payload, const Event& event,
                                 std::vector<std::string> parts, const std::string& object);

}  // namespace refgate
