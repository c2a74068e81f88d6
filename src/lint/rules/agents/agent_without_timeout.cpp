// GitHub ends a job after 360 minutes unless it says otherwise. An agent that waits for something,
// or goes round in circles, costs money for as long.

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/expression/expression.h"
#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/github/callee_memo.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

constexpr double default_minutes = 360;

/// The minutes of a duration as coreutils write it: `90`, `1.5h`, `10m`; nullopt for a variable.
std::optional<double> minutes_of_duration(std::string_view word) {
  double unit = 1.0 / 60;
  const std::size_t suffix = std::string_view("smhd").find(word.empty() ? ' ' : word.back());
  if (suffix != std::string_view::npos) {
    constexpr auto minutes = std::to_array<double>({1.0 / 60, 1, 60, 1440});
    unit = minutes.at(suffix);
    word.remove_suffix(1);
  }
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number * unit;
}

/// `timeout 10m claude …` ends the session too; `timeout 0` and `timeout 1d` end it no sooner than
/// GitHub does.
bool is_limited(const std::vector<std::string>& command) {
  for (std::size_t at = 0; at < command.size(); ++at) {
    if (command[at] != "timeout" && command[at] != "gtimeout") continue;
    std::size_t word = at + 1;
    while (word < command.size() && command[word].starts_with('-')) {
      const std::string& option = command[word];
      const bool takes_next =
          option == "-k" || option == "-s" || option == "--kill-after" || option == "--signal";
      word += takes_next ? 2 : 1;
    }
    const std::optional<double> minutes =
        word < command.size() ? minutes_of_duration(command[word]) : std::nullopt;
    if (!minutes || (*minutes > 0 && *minutes < default_minutes)) return true;
  }
  return false;
}

/// The default of an input that a person or a caller may leave out; an absent node when there is
/// none, or when events differ in it.
YamlNode default_of(const Reference& reference, const Workflow* workflow) {
  if (workflow == nullptr || !refers_into(reference, {"inputs"}) || reference.path.size() != 2 ||
      !reference.path[1])
    return {};
  YamlNode found;
  for (const Trigger& trigger : workflow->triggers) {
    const YamlNode given = trigger.inputs.value[*reference.path[1]]["default"];
    if (!given) continue;
    if (found && found.text() != given.text()) return {};
    found = given;
  }
  return found;
}

/// What an expression sets for certain, in a workflow whose inputs have defaults.
class CertainNumber {
 public:
  CertainNumber(const Expression& expression, const Workflow* workflow)
      : expression_(expression), workflow_(workflow), references_(references(expression)) {}

  /// The number that an operand is for certain. A text is one to `fromJSON` only.
  std::optional<double> of(NodeId id, bool from_text) const {
    const ExpressionNode& node = expression_.node(id);
    if (node.kind == ExpressionKind::literal && node.literal.kind() == Value::Kind::number)
      return node.literal.as_number();
    if (node.kind == ExpressionKind::literal && from_text &&
        node.literal.kind() == Value::Kind::string)
      return minutes_of_duration(node.literal.as_string() + "m");
    if (node.kind == ExpressionKind::disjunction) {
      const std::optional<double> first = of(node.operands.front(), from_text);
      return first ? first : of(node.operands.back(), from_text);
    }
    if (node.kind == ExpressionKind::call && same_name(node.name, "fromJSON") &&
        node.operands.size() == 1)
      return of(node.operands.front(), true);
    for (const Reference& reference : references_) {
      if (reference.node == id) return number_in(default_of(reference, workflow_));
    }
    return std::nullopt;
  }

 private:
  /// GitHub turns the text of an input into a number where it needs one.
  static std::optional<double> number_in(YamlNode value) {
    if (const auto number = value.number()) return number;
    return value.literal() ? minutes_of_duration(std::string(*value.literal()) + "m")
                           : std::nullopt;
  }

  const Expression& expression_;
  const Workflow* workflow_;
  std::vector<Reference> references_;
};

/// The limit that a value sets for certain, in minutes: its number, or what an expression falls
/// back to where a variable or input is not set. nullopt when that cannot be told.
std::optional<double> minutes_of(YamlNode value, const Workflow* workflow) {
  if (!value.has_expression()) return value.number();
  const Expression expression = parse_template(value.text());
  if (!expression.is_valid()) return std::nullopt;
  return CertainNumber(expression, workflow).of(expression.root(), false);
}

/// No shorter than what GitHub sets by itself.
bool is_no_limit(const Entry& limit, const Workflow* workflow) {
  const std::optional<double> minutes = limit ? minutes_of(limit.value, workflow) : default_minutes;
  return minutes && *minutes >= default_minutes;
}

/// Limits that an action takes as an input, by the names that are in use. One that says no unit may
/// count in seconds.
bool has_limit_input(const Step& step) {
  if (step.input("timeout")) return true;
  for (const std::string_view name : {"timeout_minutes", "timeout-minutes"}) {
    const Entry limit = step.input(name);
    const std::optional<std::string_view> text = limit.value.literal();
    const auto minutes = text ? minutes_of_duration(std::string(*text) + "m") : std::nullopt;
    if (limit && (!minutes || *minutes < default_minutes)) return true;
  }
  return false;
}

struct WithoutLimit {
  bool yes = false;
};

bool launches_without_limit(const Step& step, const Subject& subject, int depth) {
  if (!is_no_limit(step.timeout_minutes, subject.workflow) || has_limit_input(step)) return false;
  if (const Action* action = subject.project.local_action(step.uses_text());
      action != nullptr && depth < 10) {
    if (is_switched_off(step.condition)) return false;
    return of_callee<WithoutLimit>(
               subject.facts(), action, depth,
               [&] {
                 return WithoutLimit{std::any_of(
                     action->steps.begin(), action->steps.end(), [&](const Step& inner) {
                       return launches_without_limit(inner, subject, depth + 1);
                     })};
               })
        ->yes;
  }
  // Few steps launch anything, so that their conditions are read last.
  if (!launches_agent(step, subject.facts()) || is_switched_off(step.condition)) return false;
  const Entry script = script_of(step);
  if (!script) return true;
  const auto commands = agent_commands_in(script.value.text(), subject.facts());
  return std::any_of(commands.begin(), commands.end(),
                     [](const auto& command) { return !is_limited(command); });
}

/// Whether each program of the repository's own that the step runs has a limit.
bool is_limited_program(const AgentLaunch& launch) {
  if (!launch.step->run) return false;
  const auto commands = own_programs_in(launch.step->run_text());
  return std::all_of(commands.begin(), commands.end(), is_limited);
}

/// A step of the job that launches an agent and ends by itself only after GitHub's own limit.
const Step* unlimited_step(const Job& job, const Subject& subject) {
  for (const Step& step : job.steps) {
    if (launches_without_limit(step, subject, 0)) return &step;
  }
  // What only the job shows: an action that it checked out.
  for (const AgentLaunch& launch : launches_of(subject)) {
    if (!launch.is_called() && &launch.own_job() == &job && launch.by_name &&
        launch.launch == launch.step &&
        is_no_limit(launch.step->timeout_minutes, subject.workflow) &&
        !has_limit_input(*launch.step) && !is_limited_program(launch))
      return launch.step;
  }
  return nullptr;
}

bool is_known_by_name(const Step& step, const Subject& subject) {
  const auto& launches = launches_of(subject);
  return std::any_of(launches.begin(), launches.end(), [&](const AgentLaunch& launch) {
    return launch.step == &step && launch.by_name;
  });
}

}  // namespace

void check_agent_without_timeout(const Subject& subject, Sink& sink) {
  const auto option = subject.options.find("minutes");
  const std::string minutes =
      option == subject.options.end() || option->second.empty() ? "30" : option->second.front();
  for (const Job& job : subject.workflow->jobs) {
    if (!is_no_limit(job.timeout_minutes, subject.workflow) || job.calls_workflow()) continue;
    const Step* step = unlimited_step(job, subject);
    if (step == nullptr || is_switched_off(job.condition)) continue;
    const Entry limit = job.timeout_minutes;
    auto report = sink.report(
        subject, limit ? limit.key : job.key,
        "job `" + std::string(job.id) + "` launches an agent and has " +
            (limit
                 ? "`timeout-minutes` of 6 hours or more, which is no less than GitHub's own limit"
                 : "no `timeout-minutes`: GitHub lets it run for 6 hours"));
    report.related(subject, step->main().key, "the agent is launched here");
    if (is_known_by_name(*step, subject)) report.confidence(Confidence::medium);
    report.fix(FixKind::unsafe,
               std::string(limit ? "Write" : "Add") + " `timeout-minutes: " + minutes + "`",
               limit ? std::vector<TextEdit>{replace_node(limit.value, minutes)}
                     : add_entry(*subject.workflow->document, job.node, "timeout-minutes", minutes,
                                 job.runs_on));
  }
}

}  // namespace refgate::lint
