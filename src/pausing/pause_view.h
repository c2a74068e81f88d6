#pragma once
// How pauses are shown: by status and doctor alike.

#include <nlohmann/json_fwd.hpp>
#include <ostream>
#include <vector>

#include "core/governing/pause.h"

namespace refgate {

/// A line for each pause and one that says how to lift it; nothing when there is none.
void tell_pauses(std::ostream& out, const std::vector<Pause>& pauses);

nlohmann::json json_of(const std::vector<Pause>& pauses);

}  // namespace refgate
