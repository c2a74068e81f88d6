#pragma once
// What a step of this project is told: by an input of the action, by an option of the command, or
// by a REFGATE_ variable of the step, its job or its workflow.

#include <optional>
#include <string>
#include <string_view>

#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// Where a step stands; `job` and `workflow` are nullptr for a step of an action.
struct StepPlace {
  const Step* step = nullptr;
  const Job* job = nullptr;
  const Workflow* workflow = nullptr;
};

struct Told {
  Entry entry;       ///< the input or variable; absent when it is an option
  std::string text;  ///< as it is written
};

/// The value of a setting ("pr-lock-window"); nullopt when the step is told none.
std::optional<Told> told(const StepPlace& place, std::string_view setting);

/// Whether a text as it is written may come out as this value: `${{ inputs.group || '' }}` as an
/// empty one. What an input or a variable holds nobody knows.
bool may_be(std::string_view written, std::string_view value);

/// Whether a gate waits for its turn in a group (`group-by`), as far as its step says.
bool stands_in_line(const StepPlace& place);

/// Whether the step is told something of the job's matrix for this setting.
bool names_matrix(const StepPlace& place, std::string_view setting);

/// Whether it makes no difference to a gate whether GitHub answers if the run that holds the work
/// has ended, or another rule asks for more.
bool needs_no_answer(const StepPlace& place);

/// Another token or another place for the state, or a decision on what a reading token does: then
/// the job's permissions do not matter.
bool goes_elsewhere(const StepPlace& place);

}  // namespace refgate::lint
