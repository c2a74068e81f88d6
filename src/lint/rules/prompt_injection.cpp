// What a stranger wrote, pasted into a script or a prompt before anybody reads it. Facts: "Script
// injections": `${{ }}` is replaced before the shell sees the script.

#include <algorithm>
#include <array>
#include <string>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/gates/guard_text.h"
#include "lint/github/own_action.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// Texts of an event that its author chooses freely.
const std::vector<ContextPath>& free_texts() {
  static const std::vector<ContextPath> paths = {
      {"github", "event", "issue", "title"},
      {"github", "event", "issue", "body"},
      {"github", "event", "pull_request", "title"},
      {"github", "event", "pull_request", "body"},
      {"github", "event", "pull_request", "head", "ref"},
      {"github", "event", "pull_request", "head", "label"},
      {"github", "event", "comment", "body"},
      {"github", "event", "review", "body"},
      {"github", "event", "discussion", "title"},
      {"github", "event", "discussion", "body"},
      {"github", "event", "workflow_run", "head_branch"},
      {"github", "event", "workflow_run", "display_title"},
      {"github", "event", "workflow_run", "head_commit", "message"},
      {"github", "head_ref"}};
  return paths;
}

/// Events by which anybody reaches a workflow that has secrets.
bool is_open(std::string_view event) {
  static constexpr auto events = std::to_array<std::string_view>(
      {"issues", "issue_comment", "discussion", "discussion_comment", "pull_request_target",
       "workflow_run"});
  return std::find(events.begin(), events.end(), event) != events.end();
}

bool is_prompt(std::string_view input) {
  static constexpr auto names = std::to_array<std::string_view>(
      {"prompt", "direct_prompt", "override_prompt", "custom_instructions", "instruction",
       "system_prompt", "append_system_prompt"});
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return same_name(input, name); });
}

/// Of a job so many checkouts are looked at.
constexpr std::size_t most_checkouts = 20;

class Search {
 public:
  Search(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {
    for (const Start& start : starts_of(*subject.workflow, subject.facts())) {
      if (is_open(start.event)) starts_.push_back(start);
    }
  }

  bool has_way_in() const { return !starts_.empty(); }

  void check(const AgentLaunch& launch) {
    if (launch.is_called() || launch.action != nullptr) return;
    const Step& step = *launch.launch;
    if (const Entry script = script_of(step)) look(launch, script, true);
    if (launch.is_likely) return;
    for (const Entry& input : step.with.value.entries()) {
      if (is_prompt(input.key.text())) look(launch, input, false);
    }
  }

 private:
  void look(const AgentLaunch& launch, const Entry& entry, bool script) {
    if (!entry.value.has_expression()) return;
    const Expression text = parse_template(entry.value.text());
    if (!text.is_valid()) return;
    for (const Reference& reference : references(text)) {
      if (!is_free_text(reference, text)) continue;
      const Start* start = way_in(launch, reference);
      if (start == nullptr) continue;
      report(launch, entry, reference, *start, script);
      return;
    }
  }

  /// One of the free texts, or a whole object with one, which only toJSON makes a text.
  static bool is_free_text(const Reference& reference, const Expression& text) {
    const std::vector<FunctionUse> calls = functions(text);
    const bool whole = std::any_of(calls.begin(), calls.end(), [](const FunctionUse& call) {
      return same_name(call.name, "toJSON");
    });
    const auto& paths = free_texts();
    return std::any_of(paths.begin(), paths.end(), [&](const ContextPath& path) {
      if (refers_to(reference, path)) return true;
      return whole && reference.is_literal() && reference.path.size() > 1 &&
             reference.path.size() < path.size() &&
             refers_to(reference,
                       ContextPath(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(
                                                                    reference.path.size())));
    });
  }

  /// The event by which somebody whom nothing asks brings this text.
  const Start* way_in(const AgentLaunch& launch, const Reference& reference) {
    const LaunchConditions& conditions = conditions_of(subject_, launch);
    for (const Start& start : starts_) {
      Scope scope = scope_of_event(start.event, start.type);
      const Value there = value_of(reference, scope);
      if (there.is_known() && there.kind() == Value::Kind::null) continue;
      if (conditions.runs(scope) == Truth::no) continue;
      if (start.event == "workflow_run" || start.event == "pull_request_target") {
        // Who may push to a branch of this repository is no stranger.
        if (is_of_branch(reference) &&
            (is_checked_out(launch, reference) || !fork_reaches(conditions, scope)))
          continue;
      }
      if (!is_by_actor(reference, start)) return &start;
      set_actor(scope, {"an-outsider", "User", "NONE"});
      if (conditions.runs(scope) == Truth::no || asks_for_write(*launch.launch, subject_.facts()) ||
          asks_who_acts(conditions, subject_.project, subject_.facts()))
        continue;
      return &start;
    }
    return nullptr;
  }

  /// A text of whoever made the branch that the event is about.
  static bool is_of_branch(const Reference& reference) {
    return refers_into(reference, {"github", "event", "workflow_run"}) ||
           refers_into(reference, {"github", "event", "pull_request", "head"}) ||
           refers_to(reference, {"github", "head_ref"});
  }

  /// Whether the branch of this name is checked out of this repository before the agent starts: the
  /// name of a fork's branch is then one of this repository's too, or the step fails.
  static bool is_checked_out(const AgentLaunch& launch, const Reference& reference) {
    if (reference.path.empty() || !reference.path.back()) return false;
    const std::string& last = *reference.path.back();
    if (!same_name(last, "head_branch") && !same_name(last, "ref") && !same_name(last, "head_ref"))
      return false;
    std::size_t looked_at = 0;
    for (const Step& step : launch.job().steps) {
      if (&step == launch.step || looked_at == most_checkouts) return false;
      if (!matches_action(step.uses_text(), "actions/checkout")) continue;
      ++looked_at;
      if (step.input("repository") || step.continue_on_error) continue;
      // A checkout that may be left out while the agent runs says nothing.
      const std::string_view condition = step.condition.value.text();
      if (!condition.empty() &&
          launch.step->condition.value.text().find(condition) == std::string_view::npos)
        continue;
      const Expression ref = parse_template(step.input("ref").value.text());
      if (!ref.is_valid()) continue;
      const std::vector<Reference> named = references(ref);
      if (named.size() == 1 && named[0].node == ref.root() && same_path(named[0], reference))
        return true;
    }
    return false;
  }

  static bool same_path(const Reference& one, const Reference& other) {
    return one.path.size() == other.path.size() &&
           std::equal(one.path.begin(), one.path.end(), other.path.begin(),
                      [](const auto& left, const auto& right) {
                        return left && right && same_name(*left, *right);
                      });
  }

  static bool fork_reaches(const LaunchConditions& conditions, const Scope& scope) {
    const std::vector<std::string> names = repositories_named(conditions.all());
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      Scope from_fork = scope;
      set_head_in_fork(from_fork, name);
      return conditions.runs(from_fork) != Truth::no;
    });
  }

  static Value value_of(const Reference& reference, const Scope& scope) {
    ContextPath path;
    for (const auto& part : reference.path) {
      if (!part) return Value::unknown();
      path.push_back(*part);
      const Value value = scope.get(path);
      if (value.is_known() && value.kind() == Value::Kind::null) return value;
    }
    return Value::unknown();
  }

  /// Whoever causes the event wrote the text; otherwise it is somebody else's.
  static bool is_by_actor(const Reference& reference, const Start& start) {
    // A plain view of a conditional would be one of a copy that is gone.
    const std::string part = reference.path.size() > 2 ? reference.path[2].value_or("") : "";
    if (same_name(part, "comment") || same_name(part, "review")) return true;
    const bool own = start.type == "opened" || start.type == "created" || start.type == "edited" ||
                     start.type == "synchronize" || start.type == "reopened";
    return own && (start.event == "issues" || start.event == "discussion" ||
                   start.event == "pull_request_target");
  }

  void report(const AgentLaunch& launch, const Entry& entry, const Reference& reference,
              const Start& start, bool script) {
    const std::string name = "`" + reference.text() + "`";
    auto made = sink_.report(
        subject_, place_in(*subject_.workflow->document, entry.value, reference.range),
        script ? name +
                     " is pasted into this script before the shell reads it: whoever writes the "
                     "text runs commands of his own beside the agent's secrets; hand it on in "
                     "`env` and write \"$NAME\""
               : name +
                     " is pasted into the prompt as if you had written it: whoever writes the text "
                     "tells the agent what to do; hand it on in a file or a variable that the "
                     "prompt calls untrusted data");
    if (script) {
      made.severity(Severity::error);
    } else {
      made.confidence(Confidence::medium);
    }
    made.related(subject_, start.trigger->key, "this event brings it")
        .related(subject_, launch.place().key, "the agent is launched here");
  }

  const Subject& subject_;
  Sink& sink_;
  std::vector<Start> starts_;
};

}  // namespace

void check_prompt_injection(const Subject& subject, Sink& sink) {
  const std::vector<AgentLaunch>& launches = launches_of(subject);
  if (launches.empty()) return;
  Search search(subject, sink);
  if (!search.has_way_in()) return;
  for (const AgentLaunch& launch : launches)
    search.check(launch);
}

}  // namespace refgate::lint
