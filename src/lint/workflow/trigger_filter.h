#pragma once
// The filters of a trigger as patterns, and what they say about a branch.

#include <string>
#include <vector>

#include "lint/workflow/glob.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// The texts of a filter, in order.
std::vector<std::string> patterns_of(const Filter& filter);

/// A key with nothing below it filters nothing.
EventFilter event_filter(const Trigger& trigger);

/// A branch that a person would push to and that the filters let through: `topic`, or the shortest
/// name that passes. Empty when none is known to.
std::string topic_branch(const EventFilter& filter);

/// How the branches of a push filter read in a message: "takes every branch", …
std::string reach_in_words(BranchReach reach);
/// Whether a push to about any branch starts it.
bool is_broad(BranchReach reach);

}  // namespace refgate::lint
