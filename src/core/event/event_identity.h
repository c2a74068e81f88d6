#pragma once
// The texts that tell pieces of work apart.
//
// A delivery that starts two workflows gives both the same identity, so nothing of the run goes
// into it. Deliveries that ask for different work differ in it: where the result goes and what is
// looked at are in it, and an action that people can repeat carries the label, person or milestone
// it is about and the time of its object (GitHub's `updated_at` moves with labels, assignments and
// review requests).

#include <string>
#include <string_view>
#include <vector>

#include "core/event/event.h"
#include "core/event/event_payload.h"

namespace refgate {

/// One part of an identity with its name for people.
using NamedParts = std::vector<IdentityPart>;

/// The values, joined by '/'. '/' and '%' are escaped inside of them, so that different lists give
/// different texts. Empty values are left out: that is what a payload does not tell, and no event
/// has two such parts of one form. Over max_event_text_bytes it is "sha256:" and a digest.
std::string identity_text(const NamedParts& parts);

/// Sets the identity and what it is made of.
void identify(Event& event, std::string_view kind, NamedParts parts);

/// A head commit on a branch, for what a push and the pull requests of that head have in common:
/// {"head", "<commit>.<branch>"}. `origin` is what tells a fork: its repository.
void identify_by_head(Event& event, std::string_view kind, const std::string& branch,
                      const std::string& origin);

/// An event about a commit whose branch is not known is told by the commit alone.
void identify_by_commit(Event& event);

/// The action with what it is about and when; nothing for the first appearance of the thing at
/// `object` (a path). A label is required where the action names one; the rest is left out when the
/// payload has null, as for a deleted account.
NamedParts parts_of_action(EventPayload& payload, const Event& event, const std::string& object);

/// `parts`, and those of the event's action.
NamedParts with_action(NamedParts parts, EventPayload& payload, const Event& event,
                       const std::string& object);

}  // namespace refgate
