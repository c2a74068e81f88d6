#pragma once
// A promise that broke is made good: who takes it up says so in the record, and nobody else does.

#include <cstddef>
#include <span>

#include "call/invocation.h"
#include "core/figures/lost_work.h"
#include "store/store.h"

namespace refgate {

/// `--take N`; 0 when it was not said. Throws UsageError.
std::size_t most_to_take(const Invocation& call);

/// Makes the line of each, create-only, and prints the runs whose line was made by this call, one
/// a line; to the output `runs` too, with blanks between them. Of several that see one promise at
/// most one prints it, whenever gc folds what the others have written.
int take_up(const Invocation& call, const Settings& settings, Store& store,
            std::span<const Remaking> remakings);

}  // namespace refgate
