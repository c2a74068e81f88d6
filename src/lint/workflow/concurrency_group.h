#pragma once
// Names of concurrency groups, as far as they can be told before a run. Facts: "Control the
// concurrency of workflows and jobs": a group is known by its name alone, anywhere in the
// repository, and the name is compared without case.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/evaluate.h"
#include "lint/expression/expression.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// What gives each run a group of its own: `run` a property of the run (`github.run_id`,
/// `github.run_number`), `event` one of the single comment or review as well
/// (`github.event.comment.id`), `subject` whatever is new with each event of one branch or pull
/// request, such as the commit of a push.
enum class Uniqueness : std::uint8_t { run, event, subject };

/// The reference that makes a group's name another one for every run, as it is written; nullopt
/// when the name is, or may be, the same for two runs. `github.run_attempt` does not count: it is 1
/// for every first attempt.
std::optional<std::string> unique_part(const Expression& group, const Scope& scope,
                                       Uniqueness uniqueness);

/// A text that is equal for two groups exactly when their names are certainly equal within one run
/// (of which a called workflow is part, with the caller's `github` context): expressions in one
/// spelling, `github.workflow` replaced by `workflow_name`. nullopt when the name depends on
/// something that differs between the two places (`inputs`, `matrix`, `needs`, …) or is no valid
/// expression.
/// `input`: what such a text says of an input by its name, where that is known.
using InputIdentity = std::function<std::optional<std::string>(std::string_view name)>;
std::optional<std::string> group_identity(YamlNode group, std::string_view workflow_name,
                                          const InputIdentity& input = {});

/// Whether `cancel-in-progress` is true in a run with this scope; no when it is not written.
Truth cancels_in_progress(const Concurrency& concurrency, const Scope& scope);

}  // namespace refgate::lint
