#pragma once
// Part of duplicate-trigger: events of one kind that start an agent more often than was meant.

#include "lint/rule/rule.h"

namespace refgate::lint {

/// Labels, assignees and reviewers of which each further one starts the agent again, and schedules
/// that meet.
void report_repeated_starts(const Subject& subject, Sink& sink);

}  // namespace refgate::lint
