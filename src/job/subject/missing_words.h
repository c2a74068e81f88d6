#pragma once
// What a person outside of Actions has to say that a runner says by itself.

#include <optional>
#include <string>

#include "call/invocation.h"
#include "core/event/event.h"

namespace refgate {

/// All that is missing at once, with a whole line to paste; nullopt: nothing is. `runner` has what
/// was said in it.
std::optional<std::string> missing_words(const Invocation& call, const Settings& settings,
                                         const RunnerEnvironment& runner);

}  // namespace refgate
