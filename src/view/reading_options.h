#pragma once
// The options that the commands which read the record share.

#include <string>

#include "call/command_row.h"
#include "call/invocation.h"
#include "state/record.h"

namespace refgate {

/// `--since` and `--until`: a span back from now ("7d"), a day ("2026-11-22": from its start, until
/// its end), or a time. Throws UsageError.
Period period_of(const Invocation& call);

/// `period`, and before it as long as finished work may be remembered, so that the first of two
/// launches is read where only the second is in the period.
Period with_what_came_before(const Period& period, Duration memory);

/// The two rows that period_of reads, followed by `more`.
std::vector<OptionRow> period_options(std::initializer_list<OptionRow> more);

/// A whole number that is at least `least`. Throws UsageError.
unsigned number_option(const Invocation& call, const std::string& name, unsigned fallback,
                       unsigned least);

/// A sum of money that is not negative; 0 when it was not said. Throws UsageError.
double money_option(const Invocation& call, const std::string& name);

}  // namespace refgate
