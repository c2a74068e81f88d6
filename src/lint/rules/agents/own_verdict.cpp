#include "lint/rules/agents/own_verdict.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// "shouldRun", "should-run" and "should_run" are one name.
std::string squeezed(std::string_view name) {
  std::string text = to_lower(name);
  std::erase_if(text, [](char character) { return character == '_' || character == '-'; });
  return text;
}

/// `duplicate`, `already_done`, `in_progress`: the name says it all.
bool says_duplicate(const std::string& name) {
  return mentions_any(name, {"dup", "suppress", "already", "inprogress"});
}

/// `skip`, `should_run`, `proceed`: what for, the script may say.
bool says_whether_to_run(const std::string& name) {
  return mentions_any(name, {"skip", "shouldrun", "shouldreview", "shouldlaunch", "shouldstart",
                             "shouldcontinue", "proceed", "goahead"});
}

/// Whether a text looks for runs that do the same, or for work that was done. A look at the runs of
/// another workflow is none.
bool looks_for_work(const std::string& text) {
  return mentions_any(text, {"duplicat", "dedup", "run list", "already", "in_progress",
                             "in-progress", "processed"});
}

/// Whether it asks something else: who somebody is, what he wrote, what has changed.
bool asks_something_else(const std::string& text) {
  return mentions_any(
      text, {"association", "permission", "collaborator", "membership", "actor", "comment_body",
             "comment.body", "git diff", "changed", "paths", "draft", "label"});
}

/// What the words of a step are about.
struct StepWords {
  bool look_for_work = false;
  bool ask_something_else = false;
};

const StepWords& words_of(const Subject& subject, const Step& step) {
  return subject.memo.get<StepWords>(&step, [&] {
    const std::string text = to_lower(step.node.source());
    return StepWords{looks_for_work(text), asks_something_else(text)};
  });
}

/// Whether this step of a job gives such a verdict under that name: a script, or an action of the
/// repository's own.
bool gives_verdict(const Subject& subject, const Step* step, const std::string& name) {
  if (step == nullptr || !(step->run || step->uses_text().starts_with("./") ||
                           matches_action(step->uses_text(), "actions/github-script")))
    return false;
  if (says_duplicate(name)) return true;
  if (!says_whether_to_run(name)) return false;
  const StepWords& words = words_of(subject, *step);
  return words.look_for_work || !words.ask_something_else;
}

/// Whether an output of a job is what one of its scripts writes.
bool is_of_script(const Subject& subject, const Job& job, std::string_view output) {
  if (job.uses.value.text().starts_with("./")) return says_duplicate(squeezed(output));
  const Entry entry = job.outputs.value.entry(output);
  if (!entry || !entry.value.has_expression()) return false;
  const Expression source = parse_template(entry.value.text());
  if (!source.is_valid()) return false;
  const std::vector<Reference> from = references(source);
  return std::any_of(from.begin(), from.end(), [&](const Reference& each) {
    return refers_into(each, {"steps"}) && each.path.size() == 4 && each.path[1] &&
           gives_verdict(subject, job.step(*each.path[1]), squeezed(output));
  });
}

/// The steps of a job that set variables for those behind them, by the variable's name: the first
/// one of each.
struct SetVariables {
  std::map<std::string, const Step*, std::less<>> by;
};

/// The names before `=` and `<<` in a script that writes to `GITHUB_ENV`.
void add_variables(const Step& step, SetVariables& all) {
  const std::string_view script = step.run_text();
  if (!mentions_any(script, {"GITHUB_ENV"})) return;
  const auto is_part = [](char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
           (each >= '0' && each <= '9') || each == '_';
  };
  for (std::size_t at = script.find_first_of("=<"); at != std::string_view::npos;
       at = script.find_first_of("=<", at + 1)) {
    std::size_t begin = at;
    while (begin > 0 && is_part(script[begin - 1]))
      --begin;
    if (begin < at) all.by.try_emplace(std::string(script.substr(begin, at - begin)), &step);
  }
}

/// The names that `core.exportVariable('X', …)` sets.
void add_exported(const Step& step, SetVariables& all) {
  const std::string_view program = step.input("script").value.text();
  constexpr std::string_view call = "exportVariable(";
  for (std::size_t at = program.find(call); at != std::string_view::npos;
       at = program.find(call, at + 1)) {
    const std::string_view rest = program.substr(at + call.size());
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"')) continue;
    all.by.try_emplace(std::string(rest.substr(1, rest.find(rest[0], 1) - 1)), &step);
  }
}

/// Whether a variable holds such a verdict of an earlier step.
bool holds_verdict(const Subject& subject, const Job& job, const Step& before,
                   const std::string& name) {
  const SetVariables& set = subject.memo.get<SetVariables>(&job, [&] {
    SetVariables all;
    for (const Step& step : job.steps) {
      add_variables(step, all);
      add_exported(step, all);
    }
    return all;
  });
  const auto found = set.by.find(name);
  return found != set.by.end() && found->second->index < before.index &&
         gives_verdict(subject, found->second, squeezed(name));
}

/// A reference to such an output, of a step of this job or of a job before it.
bool is_own_verdict(const Subject& subject, const Reference& reference, const Workflow& workflow,
                    const Job& job) {
  if (reference.path.size() != 4 || !reference.path[1] || !reference.path[3]) return false;
  if (refers_into(reference, {"steps", *reference.path[1], "outputs"}))
    return gives_verdict(subject, job.step(*reference.path[1]), squeezed(*reference.path[3]));
  if (!refers_into(reference, {"needs", *reference.path[1], "outputs"})) return false;
  const Job* needed = workflow.job(*reference.path[1]);
  return needed != nullptr && is_of_script(subject, *needed, *reference.path[3]);
}

/// The variable with such a verdict that the launch's step is asked for.
std::optional<std::string> variable_in(const Subject& subject, const AgentLaunch& launch) {
  const Entry& condition = launch.step->condition;
  if (!condition || !condition.value.is_scalar()) return std::nullopt;
  const Expression expression = parse_condition(condition.value.text());
  if (!expression.is_valid()) return std::nullopt;
  for (const Reference& each : references(expression)) {
    if (each.path.size() == 2 && each.path[1] && refers_into(each, {"env"}) &&
        holds_verdict(subject, launch.job(), *launch.step, *each.path[1]))
      return each.text();
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> own_verdict_before(const Subject& subject, const AgentLaunch& launch) {
  const auto named_in = [&](const Entry& condition, const Workflow& workflow,
                            const Job& job) -> std::optional<std::string> {
    if (!condition || !condition.value.is_scalar()) return std::nullopt;
    const Expression expression = parse_condition(condition.value.text());
    if (!expression.is_valid()) return std::nullopt;
    for (const Reference& each : references(expression)) {
      if (is_own_verdict(subject, each, workflow, job)) return each.text();
    }
    return std::nullopt;
  };
  for (const JobPlace& place : launch.path) {
    if (auto found = named_in(place.job->condition, *place.workflow, *place.job)) return found;
    for (const Job* needed : job_conditions_of(subject, *place.workflow).needed(*place.job)) {
      if (auto found = named_in(needed->condition, *place.workflow, *needed)) return found;
    }
  }
  if (auto found = named_in(launch.step->condition, launch.workflow(), launch.job())) return found;
  return variable_in(subject, launch);
}

}  // namespace refgate::lint
