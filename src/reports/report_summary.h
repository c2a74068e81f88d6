#pragma once
// The counts of the record as a section of a job summary.

#include <string>
#include <string_view>

#include "core/figures/statistics.h"

namespace refgate {

/// Markdown, every name escaped. `period` says for people which time the counts are of: "the last 7
/// d".
std::string summary_of(const Statistics& statistics, std::string_view period);

}  // namespace refgate
