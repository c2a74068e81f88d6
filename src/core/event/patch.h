#pragma once
// The same change, whatever its commit: a rebase, the queue's commit and the squashed one carry
// what was done already. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "core/event/event.h"

namespace refgate {

/// What a diff of git's form says was changed, as 64 hexadecimal digits: of each file the kind of
/// its change, names, modes, a binary file's new object, and the lines that go and come, in order.
/// Where in a file they stand and what stands around them does not count. The order of the files
/// does not either. nullopt for an empty diff, and for what is none or breaks off.
std::optional<std::string> digest_of_patch(std::string_view diff);

/// Tells the event by its change alone (`identity-by: patch`): the branch that it is meant for, and
/// what it changes. `event.change` must be there.
void identify_by_patch(Event& event, const std::string& digest);

}  // namespace refgate
