#pragma once
// What the scripts of steps ask, with what is known of their variables.

#include <string_view>
#include <vector>

#include "lint/github/facts.h"
#include "lint/shell/script_questions.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// What a script asks. `environments`: the `env` of its step, job and workflow.
ScriptQuestions questions_of(std::string_view script, const std::vector<YamlNode>& environments);
ScriptQuestions questions_of(const Workflow& workflow, const Job& job, const Step& step);

/// Whether a name is that of a secret, or of a variable that is one, or configuration.
bool is_setting(std::string_view name, const std::vector<YamlNode>& environments);

/// Whether something is asked before each agent that a script launches.
bool asks_before_agents(const ScriptQuestions& script, const Facts& facts);
/// Whether something is asked before each dispatch that a step makes, of this workflow or event.
bool asks_before_dispatch(const Workflow& workflow, const Job& job, const Step& step);

}  // namespace refgate::lint
