#pragma once
// How a condition lets work run on a skip without ignoring the gate: by asking for something else
// of it, or for how other jobs have ended.

#include <optional>
#include <string>
#include <vector>

#include "lint/gates/gates.h"
#include "lint/github/job_graph.h"

namespace refgate::lint {

/// The condition asks for the reason, and some reasons to skip let the work run as a run does: what
/// is to be said of it. `open` is the scope of an event that starts it, `what` the work, for
/// people.
std::optional<std::string> open_by_code(const Expression& condition, const GateView& seen,
                                        const Scope& open, const std::string& what);

/// The condition asks for something of the session that a skip is about, and while that lives there
/// is nothing of it: the work runs beside it.
std::optional<std::string> open_by_holder(const Expression& condition, const GateView& seen,
                                          const Scope& open, const std::string& what);

/// Whether it asks how what came before has ended, and is there for a failure too: `always()`.
/// `!failure()` is true where `success()` is.
bool is_by_status(const Expression& condition);

/// Whether it names an output that what it sees does not have: `unknown-output` says it.
bool misspelt(const std::optional<Expression>& condition, const GateView& seen);

/// For each job whether it needs this one, directly or not.
std::vector<bool> all_behind(const JobGraph& graph, JobGraph::Index job);

}  // namespace refgate::lint
