// A workflow that runs a failed run again hears of the new attempt's failure too, and runs it
// again, until something looks at `run_attempt`.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/agents/launches.h"
#include "lint/deeds/dispatches.h"
#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"
#include "lint/shell/shell_commands.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

bool is_rerun_command(const std::vector<std::string>& words) {
  if (words.size() > 2 && words[0] == "gh" && words[1] == "run" && words[2] == "rerun") return true;
  const bool calls =
      words.size() > 1 && ((words[0] == "gh" && words[1] == "api") || words[0] == "curl");
  return calls && std::any_of(words.begin() + 1, words.end(), [](const std::string& word) {
           const std::string_view path = std::string_view(word).substr(0, word.find('?'));
           return path.find("/runs/") != std::string_view::npos &&
                  (path.ends_with("/rerun") || path.ends_with("/rerun-failed-jobs"));
         });
}

/// Whether a step runs a run again: by command, by script, or by an action with such a name.
bool runs_again(const Step& step) {
  const std::string_view uses = step.uses_text();
  if (matches_action(uses, "actions/github-script")) {
    return mentions_any(
        step.input("script").value.text(),
        {"reRunWorkflow(", "reRunWorkflowFailedJobs(", "/rerun-failed-jobs", "{run_id}/rerun"});
  }
  if (!uses.empty()) {
    const std::string action = to_lower(uses.substr(0, uses.find('@')));
    return mentions_any(std::string_view(action).substr(action.rfind('/') + 1),
                        {"rerun", "re-run", "retry-workflow", "workflow-retry"});
  }
  if (!mentions_any(step.run_text(), {"rerun"})) return false;
  for (std::vector<std::string>& words : shell_commands(step.run_text())) {
    if (is_rerun_command(launched_command(std::move(words)))) return true;
  }
  return false;
}

/// Whose attempt a condition or script may ask for: the one that has failed, or the run that hears
/// of it, which is at its first attempt each time.
enum class AttemptOf : std::uint8_t { source, own };

bool is_word(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
         character == '_';
}

/// The names in a line that are given a value, and that value: `name: value`, `name=value; …`,
/// `const name = value`.
std::vector<std::pair<std::string_view, std::string_view>> values_given(std::string_view line) {
  std::vector<std::pair<std::string_view, std::string_view>> given;
  for (std::size_t at = line.find_first_of(":="); at != std::string_view::npos;
       at = line.find_first_of(":=", at + 1)) {
    if (at + 1 < line.size() && (line[at + 1] == '=' || line[at + 1] == '>')) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end > 0 && line[end - 1] == ' ')
      --end;
    std::size_t begin = end;
    while (begin > 0 && is_word(line[begin - 1]))
      --begin;
    if (begin == end) continue;
    const std::string_view value = line.substr(at + 1);
    given.emplace_back(line.substr(begin, end - begin), value.substr(0, value.find(';')));
  }
  return given;
}

bool names_word(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(line[at - 1])) && (end == line.size() || !is_word(line[end])))
      return true;
  }
  return false;
}

/// A bound that is kept besides the conditions: a line that compares the attempt's number, or a
/// count of its own, or names a maximum.
class Bound {
 public:
  explicit Bound(AttemptOf attempt) : attempt_(attempt) {}

  bool is_kept_in(const std::string& text) {
    const std::string words = to_lower(text);
    for (std::size_t at = 0; at < words.size();) {
      const std::size_t end = std::min(words.find('\n', at), words.size());
      std::string line = words.substr(at, end - at);
      at = end + 1;
      learn(line);
      if (attempt_ == AttemptOf::source) blank_own(line);
      if (tells_attempt(line) && compares(line)) return true;
    }
    return false;
  }

 private:
  /// So many variables are remembered.
  static constexpr std::size_t most_names = 20;

  static constexpr auto own_attempts = std::to_array<std::string_view>(
      {"github.run_attempt", "github_run_attempt", "context.runattempt", "context.run_attempt"});

  bool is_own(std::string_view value) const {
    return attempt_ == AttemptOf::source &&
           (std::any_of(
                own_attempts.begin(), own_attempts.end(),
                [&](std::string_view own) { return value.find(own) != std::string_view::npos; }) ||
            std::any_of(own_.begin(), own_.end(),
                        [&](const std::string& name) { return names_word(value, name); }));
  }

  void learn(std::string_view line) {
    for (const auto& [name, value] : values_given(line)) {
      if (is_own(value)) {
        if (own_.size() < most_names) own_.emplace_back(name);
      } else if (names_.size() < most_names && tells_attempt(value)) {
        names_.emplace_back(name);
      }
    }
  }

  void blank_own(std::string& line) const {
    const auto blank = [&](std::string_view word) {
      for (std::size_t at = line.find(word); at != std::string::npos; at = line.find(word, at))
        line.replace(at, word.size(), word.size(), ' ');
    };
    std::for_each(own_attempts.begin(), own_attempts.end(), blank);
    std::for_each(own_.begin(), own_.end(), blank);
  }

  bool tells_attempt(std::string_view line) const {
    return mentions_any(line, {"attempt", "retry", "retries", "rerun_count"}) ||
           std::any_of(names_.begin(), names_.end(),
                       [&](const std::string& name) { return names_word(line, name); });
  }

  static bool compares(std::string_view line) {
    // An arrow in a message compares nothing.
    const bool arrow = mentions_any(line, {"->", "=>"});
    if (!arrow && mentions_any(line, {"<", ">"})) return true;
    return mentions_any(
        line, {"max", "limit", "-lt", "-gt", "-le", "-ge", "-eq", "-ne", "==", "!=", "(("});
  }

  AttemptOf attempt_;
  std::vector<std::string> names_;  ///< of variables that hold an attempt's number
  std::vector<std::string> own_;    ///< and of those that hold the listener's
};

bool counts(const std::string& text, AttemptOf attempt = AttemptOf::source) {
  return Bound(attempt).is_kept_in(text);
}

bool names_source_run(const std::string& text) {
  return mentions_any(text, {"workflow_run.id", "workflow_run.rerun_url", "workflow_run.url",
                             "workflow_run.html_url", "payload.workflow_run"});
}

Scope scope_of_run(std::string_view conclusion, double attempt) {
  Scope scope = scope_of_event("workflow_run", "completed");
  scope.set("github.event.workflow_run.conclusion", Value::string(std::string(conclusion)));
  scope.set("github.event.workflow_run.run_attempt", Value::number(attempt));
  scope.set("github.run_attempt", Value::string("1"));
  return scope;
}

/// Whether a step hands the id of its own run to a workflow that it may start.
bool names_own_run(const Step& step) {
  const std::string_view text = step.node.source();
  return mentions_any(text, {"github.run_id", "GITHUB_RUN_ID", "context.runId"}) &&
         mentions_any(text, {"workflow"});
}

class Judge {
 public:
  Judge(const Subject& subject, Sink& sink)
      : subject_(subject),
        sink_(sink),
        conditions_(job_conditions_of(subject, *subject.workflow)) {}

  void check() {
    check_dispatched();
    const Trigger* trigger = subject_.workflow->trigger("workflow_run");
    if (trigger == nullptr) return;
    // Only the end of a run can fail.
    if (trigger->types && std::none_of(trigger->types.values.begin(), trigger->types.values.end(),
                                       [](YamlNode type) { return type.text() == "completed"; }))
      return;
    for (const Job& job : subject_.workflow->jobs) {
      for (const Step& step : job.steps) {
        if (runs_again(step) && is_unbounded(job, step)) return report(*trigger, job, step);
      }
    }
  }

 private:
  /// A run that has failed and asks another workflow to run it again, by its id.
  void check_dispatched() {
    constexpr std::size_t most = 20;
    std::size_t looked_at = 0;
    for (const Job& job : subject_.workflow->jobs) {
      for (const Step& step : job.steps) {
        if (!follows_failure(job, step) || !names_own_run(step) || ++looked_at > most) continue;
        const std::string words = words_of(job, step);
        if (counts(words, AttemptOf::own) || mentions_any(words, {"run_attempt"})) continue;
        for (const Workflow& other : subject_.project.workflows()) {
          const Step* again = rerunning_step(other);
          if (again == nullptr || !dispatches(*subject_.workflow, job, step, other)) continue;
          sink_
              .report(subject_, step.main().key,
                      "this has the failed run run again, however often it has failed before: the "
                      "new attempt comes here too, so a failure that stays is repeated without "
                      "end. Add `fromJSON(github.run_attempt) < 3` to the condition")
              .related(other, again->main().key, "runs it again here");
          return;
        }
      }
    }
  }

  static bool follows_failure(const Job& job, const Step& step) {
    return mentions_any(job.condition.value.text(), {"failure"}) ||
           mentions_any(step.condition.value.text(), {"failure"});
  }

  /// The step of a workflow that runs the run again which one of its inputs names.
  static const Step* rerunning_step(const Workflow& workflow) {
    if (workflow.trigger("workflow_dispatch") == nullptr) return nullptr;
    for (const Job& job : workflow.jobs) {
      const auto again = std::find_if(job.steps.begin(), job.steps.end(), [](const Step& step) {
        return runs_again(step) && mentions_any(step.node.source(), {"inputs."});
      });
      // Few jobs have such a step, so that the whole of a job is read last.
      if (again != job.steps.end() && !counts(std::string(job.node.source()), AttemptOf::own))
        return &*again;
    }
    return nullptr;
  }

  Truth reached(const Job& job, const Step& step, const Scope& scope) const {
    Truth runs = conditions_.runs(job, scope);
    if (step.condition && step.condition.value.is_scalar()) {
      const Expression condition = parse_condition(step.condition.value.text());
      if (condition.is_valid()) runs = both(runs, evaluate_condition(condition, scope));
    }
    return runs;
  }

  /// Everything that a bound or the run's id can be written in.
  std::string words_of(const Job& job, const Step& step) const {
    std::string words;
    const auto add = [&](YamlNode node) { words += std::string(node.source()) + "\n"; };
    add(subject_.workflow->env.value);
    for (const Job* each : conditions_.needed(job))
      add(each->node);
    // Of the job itself all but what comes after the step.
    for (const Entry& entry : job.node.entries()) {
      if (!(entry.key == job.steps_entry.key)) add(entry.value);
    }
    for (const Step& each : job.steps) {
      add(each.node);
      if (&each == &step) break;
    }
    return words;
  }

  bool is_unbounded(const Job& job, const Step& step) const {
    const std::string words = words_of(job, step);
    if (!names_source_run(words)) return false;
    if (reached(job, step, scope_of_run("failure", 1)) == Truth::no) return false;
    // A condition that mentions the attempt bounds it, unless it is still true for the thousandth.
    if (reached(job, step, scope_of_run("failure", 1000)) == Truth::no) return false;
    if (!counts(words)) return true;
    return counts_in_conditions_only(job, step) &&
           reached(job, step, scope_of_run("failure", 1000)) == Truth::yes;
  }

  /// The attempt stands in an `if:` and nowhere else.
  bool counts_in_conditions_only(const Job& job, const Step& step) const {
    std::string scripts(subject_.workflow->env.value.source());
    const auto add = [&](const Job& each, const Step* last) {
      scripts += std::string(each.env.value.source()) + std::string(each.name.value.text());
      for (const Step& inner : each.steps) {
        for (const Entry& entry : inner.node.entries()) {
          if (!(entry.key == inner.condition.key))
            scripts += std::string(entry.value.source()) + "\n";
        }
        if (&inner == last) break;
      }
    };
    for (const Job* each : conditions_.needed(job))
      add(*each, nullptr);
    add(job, &step);
    return !counts(scripts);
  }

  void report(const Trigger& trigger, const Job& job, const Step& step) {
    const Entry what = step.uses ? step.uses : step.run;
    auto report = sink_.report(subject_, what.key,
                               "this runs a failed run again, however often it has failed before: "
                               "the new attempt ends in `workflow_run` too, so a failure that "
                               "stays is repeated without end. Add "
                               "`github.event.workflow_run.run_attempt < 3` to the condition");
    report.related(subject_, trigger.key, "the new attempt starts this workflow again");
    const YamlNode condition = job.condition.value;
    if (!job.condition) {
      report.fix(FixKind::unsafe, "Stop after the third attempt",
                 add_entry(*subject_.workflow->document, job.node, "if",
                           "github.event.workflow_run.run_attempt < 3", Entry()));
    } else if (condition.style() == Style::plain && !condition.has_expression() &&
               condition.place().line == condition.place().end_line) {
      report.fix(FixKind::unsafe, "Stop after the third attempt",
                 {replace_node(condition, "(" + std::string(condition.source()) +
                                              ") && github.event.workflow_run.run_attempt < 3")});
    }
  }

  const Subject& subject_;
  Sink& sink_;
  const JobConditions& conditions_;
};

}  // namespace

void check_rerun_loop(const Subject& subject, Sink& sink) { Judge(subject, sink).check(); }

}  // namespace refgate::lint
