#pragma once
// How long ago something was, as people are told it.

#include <string>

#include "core/text/time.h"

namespace refgate {

/// "4m 12s ago", "just now" below a second; "by a clock that is 2m ahead" of a time that has not
/// come.
std::string age(Instant then, Instant now);

/// Whole seconds: people read no milliseconds.
std::string in_seconds(Duration span);

}  // namespace refgate
