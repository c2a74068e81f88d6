#include "lint/rules/agents/own_verdict.h"

#include <algorithm>
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

/// `duplicate`, `already_done`: the name says it all.
bool says_duplicate(const std::string& name) {
  return mentions_any(name, {"dup", "suppress", "already"});
}

/// `skip`, `should_run`: what for, the script may say.
bool says_whether_to_run(const std::string& name) {
  return mentions_any(name, {"skip", "shouldrun", "shouldreview", "shouldlaunch", "shouldstart"});
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
  return named_in(launch.step->condition, launch.workflow(), launch.job());
}

}  // namespace refgate::lint
