// What a stranger wrote, pasted into a script or a prompt before anybody reads it. Facts: "Script
// injections": `${{ }}` is replaced before the shell sees the script.

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/agents/outsiders.h"
#include "lint/expression/expression_value.h"
#include "lint/gates/guard_text.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"

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
       "workflow_run", "pull_request_review", "pull_request_review_comment", "commit_comment"});
  return std::find(events.begin(), events.end(), event) != events.end();
}

bool is_prompt(std::string_view input) {
  static constexpr auto names = std::to_array<std::string_view>(
      {"prompt", "direct_prompt", "override_prompt", "custom_instructions", "instruction",
       "system_prompt", "append_system_prompt",
       // Words of the command line, of which the prompt is one.
       "claude_args", "codex-args", "codex_args"});
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return same_name(input, name); });
}

/// Whether a prompt says of the texts in it that they are a stranger's and no instructions.
bool calls_it_untrusted(std::string_view prompt) {
  const std::string text = to_lower(prompt);
  if (mentions_any(text, {"is untrusted", "are untrusted", "untrusted data", "as untrusted",
                          "untrusted user input", "untrusted text", "untrusted content",
                          "never an instruction", "never as instructions", "not as instructions",
                          "not an instruction", "not instructions", "data, never", "data only"}))
    return true;
  return mentions_any(text, {"do not follow", "don't follow", "never follow", "ignore any"}) &&
         mentions_any(text, {"instructions in", "instructions inside", "instructions within",
                             "instructions found", "instructions contained", "instructions from",
                             "instructions that appear", "instructions embedded"});
}

/// What a value is handed on through, from a text of the event to the script or prompt.
constexpr int deepest_handing = 6;
/// Of one script or prompt so many names are followed.
constexpr std::size_t most_handings = 100;
/// Of an output of several lines so much is looked at.
constexpr std::size_t longest_output = 2000;
/// So often a script is looked at where it writes an output of one name.
constexpr std::size_t most_written = 20;

/// The functions whose result says no more than yes or no, or is a sum.
bool hides_value(std::string_view function) {
  static constexpr auto names =
      std::to_array<std::string_view>({"contains", "startsWith", "endsWith", "hashFiles", "success",
                                       "failure", "always", "cancelled"});
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return same_name(function, name); });
}

/// Of which nodes the value can be part of what the expression gives, as a text.
class ValueFlow {
 public:
  explicit ValueFlow(const Expression& expression)
      : expression_(expression), users_(expression.nodes().size(), none) {
    for (NodeId id = 0; id < users_.size(); ++id) {
      for (const NodeId operand : expression.node(id).operands)
        users_[operand] = id;
    }
  }

  bool reaches_result(NodeId id) const {
    for (; users_[id] != none; id = users_[id]) {
      if (!passes_on(expression_.node(users_[id]), id)) return false;
    }
    return true;
  }

  /// Whether it is written out whole on the way.
  bool is_written_out(NodeId id) const {
    for (; users_[id] != none; id = users_[id]) {
      const ExpressionNode& user = expression_.node(users_[id]);
      if (user.kind == ExpressionKind::call && same_name(user.name, "toJSON")) return true;
    }
    return false;
  }

 private:
  static constexpr NodeId none = std::numeric_limits<NodeId>::max();

  static bool passes_on(const ExpressionNode& user, NodeId operand) {
    switch (user.kind) {
      case ExpressionKind::concatenation:
      case ExpressionKind::disjunction:
      case ExpressionKind::filter:
        return true;
      case ExpressionKind::conjunction:
        // Another one but the last is the outcome when it is empty only.
        return user.operands.back() == operand;
      case ExpressionKind::index:
        return user.operands.front() == operand;
      case ExpressionKind::call: {
        if (!same_name(user.name, "case")) return !hides_value(user.name);
        const auto at = static_cast<std::size_t>(
            std::find(user.operands.begin(), user.operands.end(), operand) - user.operands.begin());
        return at % 2 == 1 || at + 1 == user.operands.size();
      }
      default:
        return false;
    }
  }

  const Expression& expression_;
  std::vector<NodeId> users_;
};

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
    const Step& step = *launch.launch;
    if (const Entry script = script_of(step)) look(launch, script, !is_list_of_words(step));
    if (launch.is_likely) return;
    const bool is_program = matches_action(step.uses_text(), "actions/github-script");
    for (const Entry& input : step.with.value.entries()) {
      if (is_program && same_name(input.key.text(), "script"))
        look(launch, input, true);
      else if (is_prompt(input.key.text()))
        look(launch, input, false);
    }
  }

 private:
  /// Where a value stands: in a job of the launch's path, or in the action that launches.
  struct Level {
    std::size_t hop = 0;
    bool in_action = false;
    const Job* job = nullptr;    ///< of the hop's workflow, when it is not the one on the path
    const Step* step = nullptr;  ///< of that job, when it stands in one
  };

  /// A stranger's text, and where the workflow that is looked at names it.
  struct Found {
    Reference reference;
    std::optional<Place> place;
    const Start* start = nullptr;
  };

  void look(const AgentLaunch& launch, const Entry& entry, bool script) {
    const Level level{launch.path.size() - 1, launch.action != nullptr};
    handings_ = 0;
    const std::optional<Found> found = free_text_in(launch, entry.value, level, 0);
    if (!found || (!found->place && is_open_itself(launch))) return;
    report(launch, *found, script, !script && calls_it_untrusted(entry.value.text()));
  }

  /// A called workflow that somebody starts in another way too has its own finding.
  static bool is_open_itself(const AgentLaunch& launch) {
    const auto& triggers = launch.workflow().triggers;
    return std::any_of(triggers.begin(), triggers.end(),
                       [](const Trigger& trigger) { return is_open(trigger.event); });
  }

  std::optional<Found> free_text_in(const AgentLaunch& launch, YamlNode value, Level level,
                                    int depth) {
    return value.has_expression() ? free_text_at(launch, value, value.text(), level, depth)
                                  : std::nullopt;
  }

  /// In `part` of the value's text.
  std::optional<Found> free_text_at(const AgentLaunch& launch, YamlNode value,
                                    std::string_view part, Level level, int depth) {
    const Expression text = parse_template(part);
    if (!text.is_valid()) return std::nullopt;
    const ValueFlow flow(text);
    for (const Reference& reference : references(text)) {
      if (!flow.reaches_result(reference.node)) continue;
      std::optional<Found> found;
      if (is_free_text(reference, flow.is_written_out(reference.node))) {
        ++undecided_;
        if (const Start* start = way_in(launch, reference))
          found = Found{reference, std::nullopt, start};
      } else if (depth < deepest_handing) {
        found = handed_on(launch, reference, level, depth);
      } else {
        ++undecided_;
      }
      if (!found) continue;
      const bool is_here = level.hop == 0 && !level.in_action && level.job == nullptr;
      if (is_here) found->place = place_in(*subject_.workflow->document, value, reference.range);
      return found;
    }
    return std::nullopt;
  }

  /// `env.NAME` and `inputs.NAME`, by what they were given.
  std::optional<Found> handed_on(const AgentLaunch& launch, const Reference& reference, Level level,
                                 int depth) {
    if (!reference.is_literal()) return std::nullopt;
    if (++handings_ > most_handings || same_name(*reference.path[0], "inputs")) ++undecided_;
    if (handings_ > most_handings) return std::nullopt;
    if (reference.path.size() == 4 && same_name(*reference.path[2], "outputs"))
      return put_out(launch, reference, level, depth);
    if (reference.path.size() != 2) return std::nullopt;
    const std::string& name = *reference.path[1];
    const JobPlace& at = launch.path[level.hop];
    if (same_name(*reference.path[0], "env")) {
      if (level.job != nullptr) {
        for (const Entry& env : {level.step != nullptr ? level.step->env : Entry(), level.job->env,
                                 at.workflow->env}) {
          if (const Entry own = named(env, name))
            return free_text_in(launch, own.value, level, depth + 1);
        }
        return std::nullopt;
      }
      if (level.in_action) {
        if (const Entry own = named(launch.launch->env, name))
          return free_text_in(launch, own.value, level, depth + 1);
        level.in_action = false;
      }
      const bool in_job = level.hop + 1 == launch.path.size();
      for (const Entry& env :
           {in_job ? launch.step->env : Entry(), at.job->env, at.workflow->env}) {
        if (const Entry own = named(env, name))
          return free_text_in(launch, own.value, level, depth + 1);
      }
      return std::nullopt;
    }
    if (!same_name(*reference.path[0], "inputs")) return std::nullopt;
    if (level.in_action) {
      // What an action inside of an action is given is not followed.
      if (subject_.project.local_action(launch.step->uses_text()) != launch.action)
        return std::nullopt;
      return free_text_in(launch, launch.step->input(name).value, {level.hop, false}, depth + 1);
    }
    if (level.hop == 0) return std::nullopt;
    return free_text_in(launch, named(launch.path[level.hop - 1].job->with, name).value,
                        {level.hop - 1, false}, depth + 1);
  }

  /// `needs.<job>.outputs.NAME` by what that job puts out, `steps.<id>.outputs.NAME` by what the
  /// script of that step writes.
  std::optional<Found> put_out(const AgentLaunch& launch, const Reference& reference, Level level,
                               int depth) {
    const JobPlace& at = launch.path[level.hop];
    const std::string& id = *reference.path[1];
    const std::string& name = *reference.path[3];
    if (same_name(*reference.path[0], "needs")) {
      const Job* job = at.workflow->job(id);
      if (job == nullptr || level.in_action) return std::nullopt;
      std::pair output(job, name);
      if (harmless_.contains(output)) return std::nullopt;
      const std::size_t before = undecided_;
      auto found = free_text_in(launch, named(job->outputs, name).value,
                                {level.hop, false, job, nullptr}, depth + 1);
      if (undecided_ == before) harmless_.insert(std::move(output));
      return found;
    }
    const bool in_own = level.job == nullptr && level.hop + 1 == launch.path.size();
    if (!same_name(*reference.path[0], "steps") || level.in_action ||
        (level.job == nullptr && !in_own))
      return std::nullopt;
    const Job& job = level.job != nullptr ? *level.job : *at.job;
    const auto step = std::find_if(job.steps.begin(), job.steps.end(),
                                   [&](const Step& each) { return same_name(each.id, id); });
    if (step == job.steps.end() || !step->run) return std::nullopt;
    return written_by(launch, *step, name, {level.hop, false, &job, &*step}, depth);
  }

  /// `echo "NAME=${{ … }}" >> "$GITHUB_OUTPUT"`, between `NAME<<EOF` and its end, or with a
  /// variable of the step's `env`. What a command makes of the text is not followed.
  std::optional<Found> written_by(const AgentLaunch& launch, const Step& step,
                                  const std::string& name, Level level, int depth) {
    const std::string_view script = step.run_text();
    if (script.find("GITHUB_OUTPUT") == std::string_view::npos) return std::nullopt;
    std::size_t written = 0;
    for (std::size_t at = script.find(name); at != std::string_view::npos;
         at = script.find(name, at + 1)) {
      if (at > 0 && is_name_part(script[at - 1])) continue;
      std::string_view value = script.substr(at + name.size());
      if (value.starts_with("=")) {
        value = value.substr(1, value.find('\n') - 1);
      } else if (value.starts_with("<<")) {
        value = value.substr(0, longest_output);
      } else {
        continue;
      }
      const bool made_of_it = value.find("$(") != std::string_view::npos ||
                              value.find('`') != std::string_view::npos || is_piped(value);
      if (made_of_it) continue;
      if (++written > most_written) break;
      if (auto found = free_text_at(launch, step.run.value, value, level, depth + 1)) return found;
      for (const Entry& variable : step.env.value.entries()) {
        if (!names_variable(value, variable.key.text())) continue;
        if (auto found = free_text_in(launch, variable.value, level, depth + 1)) return found;
      }
    }
    return std::nullopt;
  }

  /// Into anything but `tee`, which hands on what it gets.
  static bool is_piped(std::string_view value) {
    for (std::size_t at = value.find('|'); at != std::string_view::npos;
         at = value.find('|', at + 1)) {
      const std::string_view behind = value.substr(at + 1);
      if (!behind.starts_with(" tee ") && !behind.starts_with("tee ")) return true;
    }
    return false;
  }

  /// `$NAME` or `${NAME}`.
  static bool names_variable(std::string_view script, std::string_view name) {
    for (std::size_t at = script.find(name); at != std::string_view::npos;
         at = script.find(name, at + 1)) {
      const std::string_view before = script.substr(0, at);
      const std::string_view after = script.substr(at + name.size());
      if (before.ends_with("${") && after.starts_with('}')) return true;
      if (before.ends_with('$') && (after.empty() || !is_name_part(after.front()))) return true;
    }
    return false;
  }

  static bool is_name_part(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
  }

  static Entry named(const Entry& mapping, std::string_view name) {
    for (const Entry& entry : mapping.value.entries()) {
      if (same_name(entry.key.text(), name)) return entry;
    }
    return {};
  }

  /// One of the free texts, or a whole object with one, which only toJSON makes a text.
  static bool is_free_text(const Reference& reference, bool whole) {
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
      // A review of a fork's branch runs without secrets, and whoever has a branch here is no
      // stranger: what he wrote is not what a reviewer may write.
      if (start.event.starts_with("pull_request_review") && !is_said(reference)) continue;
      // Who may push to a branch of this repository is no stranger, nor is what he writes of it.
      const bool of_branch = start.event == "pull_request_target" || is_of_branch(reference);
      if ((start.event == "workflow_run" || start.event == "pull_request_target") && of_branch &&
          ((is_of_branch(reference) && is_checked_out(launch, reference)) ||
           !fork_reaches(subject_, launch, scope)))
        continue;
      if (!is_by_actor(reference, start)) return &start;
      set_actor(scope, {"an-outsider", "User", "NONE"});
      take_labels_away(subject_, launch, scope);
      if (conditions.runs(scope) == Truth::no || asks_for_write(*launch.launch, subject_.facts()) ||
          asks_who_acts(subject_, launch))
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

  /// The comment or review itself.
  static bool is_said(const Reference& reference) {
    return refers_into(reference, {"github", "event", "comment"}) ||
           refers_into(reference, {"github", "event", "review"});
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

  void report(const AgentLaunch& launch, const Found& found, bool script, bool warned) {
    const std::string name = "`" + found.reference.text() + "`";
    const Entry main = launch.place();
    auto made = sink_.report(
        subject_, found.place.value_or(main.value.place()),
        script ? name +
                     " is pasted into the script before anything reads it: whoever writes the "
                     "text runs commands of his own beside the agent's secrets; hand it on in "
                     "`env` and write \"$NAME\""
        : warned
            ? name +
                  " is pasted into the prompt, which calls such texts untrusted: that helps, "
                  "and a text can still pretend to end where your words go on; hand it on in "
                  "a file or a variable"
            : name +
                  " is pasted into the prompt as if you had written it: whoever writes the text "
                  "tells the agent what to do; hand it on in a file or a variable that the "
                  "prompt calls untrusted data");
    if (script) {
      made.severity(Severity::error);
    } else {
      made.confidence(Confidence::medium);
      if (warned) made.severity(Severity::note);
    }
    made.related(subject_, found.start->trigger->key, "this event brings it")
        .related(subject_, main.key, "the agent is launched here");
  }

  const Subject& subject_;
  Sink& sink_;
  std::vector<Start> starts_;
  std::size_t handings_ = 0;   ///< of the script or prompt that is looked at
  std::size_t undecided_ = 0;  ///< what another launch may find in the same value
  std::set<std::pair<const Job*, std::string>> harmless_;  ///< outputs without any such text
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
