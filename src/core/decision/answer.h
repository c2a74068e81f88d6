#pragma once
// The decision's own: what a verdict carries. A run has the next claim with its lines, a skip the
// line that is published.

#include <string>

#include "core/decision/rule.h"

namespace refgate {

/// Appended to the reason of each skip that force passes.
extern const std::string override_hint;

/// A run, and the claim to swap in after the one that stands.
Decision run(const Picture& picture, ReasonCode code, std::string reason);

/// A skip because of the claim that stands; there must be one.
Decision skip(const Picture& picture, ReasonCode code, std::string reason);

/// A skip that passes with time: said in whole seconds, and never too early.
Decision skip_until(Instant until, Decision decision);

/// The caller as a claim stores it.
Holder bounded(const Holder& holder);

}  // namespace refgate
