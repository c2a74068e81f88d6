#include "lint/adoption/gate_in_job.h"

#include <algorithm>

#include "lint/adoption/job_permissions.h"
#include "lint/agents/checkout_token.h"
#include "lint/finding/edit.h"

namespace refgate::lint {
namespace {

std::string free_id(const Job& job, std::string_view wanted) {
  std::string id(wanted);
  for (int number = 2; job.step(id) != nullptr; ++number)
    id = std::string(wanted) + "-" + std::to_string(number);
  return id;
}

class Writer {
 public:
  Writer(const AgentJob& agent, const Facts& facts, const std::string& action)
      : agent_(agent),
        job_(*agent.job),
        document_(agent.document()),
        facts_(facts),
        action_(action),
        indent_(indent_of(document_, job_.steps_entry.value)),
        break_(line_break(document_)),
        gate_(free_id(job_, "gate")) {}

  GateInJob write() {
    add_gate();
    for (const Step& step : job_.steps)
      guard(step);
    prepare_job({true, true, true, {}});
    // Last, since what is added to the last step ends where this begins.
    add_finish();
    return made();
  }

  GateInJob complete(const GateLacks& lacks) {
    prepare_job(lacks);
    if (!action_.empty()) add_finish();
    return made();
  }

 private:
  void take(std::vector<TextEdit> more) {
    if (more.empty() && made_.refusal.empty())
      made_.refusal = "a step is written in a form that takes no edit";
    made_.edits.insert(made_.edits.end(), more.begin(), more.end());
  }
  void insert(std::uint32_t at, const std::string& text) { take({{at, at, text}}); }

  void add_gate() {
    const Place first = job_.steps_entry.value.place();
    const std::string next = break_ + indent_ + "  ";
    insert(document_.line_start(first.line),
           indent_ + "- id: " + gate_ + next + "uses: " + action_ + next + "with:" + next +
               "  retry: manual" + next + "  pause: ask" + break_);
  }

  /// Every step but the end asks for the verdict. A condition that names a status function keeps
  /// meaning what it meant, since it still names one.
  void guard(const Step& step) {
    const std::string verdict = "steps." + gate_ + ".outputs.skip_execution == 'false'";
    if (step.condition)
      take({replace_value(document_, step.condition,
                          joined_condition(verdict, step.condition.value.text()))});
    else
      take(add_entry(document_, step.node, "if", verdict));
  }

  /// The outcome of the first launch that did not succeed, else that of the last.
  std::string outcome() {
    std::vector<std::string> ids;
    for (const AgentLaunch& launch : agent_.launches) {
      std::string id(launch.step->id);
      if (id.empty()) {
        id = free_id(job_, agent_.launches.size() == 1 ? "agent"
                                                       : "agent-" + std::to_string(ids.size() + 1));
        take(add_entry(document_, launch.step->node, "id", id));
      }
      ids.push_back("steps." + id + ".outcome");
    }
    std::string expression = ids.back();
    for (std::size_t i = ids.size() - 1; i-- > 0;) {
      expression.insert(0, ids[i] + " == 'success' && ");
      expression += " || " + ids[i];
    }
    return "${{ " + expression + " }}";
  }

  void add_finish() {
    const std::string status = outcome();
    const Place place = job_.steps.back().node.place();
    // The end of a block scalar is the start of the line after it.
    std::uint32_t line = place.end_line;
    if (place.end > place.begin && document_.text()[place.end - 1] == '\n') --line;
    const std::string next = break_ + indent_ + "  ";
    insert(document_.line_start(line + 1),
           missing_break(line + 1) + indent_ + "- if: always()" + next + "uses: " + action_ + next +
               "with:" + next + "  command: finish" + next + "  status: " + status + break_);
  }

  void prepare_job(const GateLacks& lacks) {
    if (lacks.time_limit) bound_time();
    if (lacks.permissions) allow_writing();
    if (lacks.clean_checkout) keep_no_credentials();
  }

  GateInJob made() {
    if (!made_.refusal.empty()) made_.edits.clear();
    return std::move(made_);
  }

  void allow_writing() {
    PermissionEdits permissions = allow_gate(agent_);
    if (!permissions.refusal.empty()) made_.refusal = permissions.refusal;
    if (!permissions.note.empty()) made_.notes.push_back(permissions.note);
    made_.edits.insert(made_.edits.end(), permissions.edits.begin(), permissions.edits.end());
  }

  void bound_time() {
    if (job_.timeout_minutes) return;
    take(add_entry(document_, job_.node, "timeout-minutes", "60", job_.runs_on));
  }

  /// The agent's code must not find the token that may write.
  void keep_no_credentials() {
    const Step* needs = uses_checkout_token(job_);
    for (const AgentLaunch& launch : agent_.launches)
      if (needs == nullptr && pushes_by_itself(launch, facts_)) needs = launch.step;
    bool told = false;
    for (const Step& step : job_.steps) {
      if (!keeps_token(step) || step.input("persist-credentials")) continue;
      if (needs == nullptr) {
        leave_no_token(step);
      } else if (!told) {
        told = true;
        made_.notes.push_back(
            "the checkout (line " + std::to_string(step.node.place().line) +
            ") keeps its token, since the step in line " +
            std::to_string(needs->node.place().line) +
            " seems to fetch or push with it; with `persist-credentials: false`, and a token for "
            "that step alone, the agent's code could not use it");
      }
    }
  }

  void leave_no_token(const Step& checkout) {
    const YamlNode inputs = checkout.with.value;
    const std::string key = "persist-credentials";
    if (inputs.is_alias()) {
      made_.refusal = "the inputs of a checkout stand elsewhere (line " +
                      std::to_string(inputs.place().line) + ")";
    } else if (inputs.is_mapping() && inputs.size() > 0) {
      take(add_entry(document_, inputs, key, "false"));
    } else if (checkout.with && inputs.style() != Style::empty) {
      take({replace_node(inputs, "{" + key + ": false}")});
    } else {
      // After the line, where a comment with the version may stand.
      const Entry& before = checkout.with ? checkout.with : checkout.uses;
      const std::uint32_t line =
          (checkout.with ? before.key.place() : before.value.place()).end_line + 1;
      const std::string own = indent_of(document_, checkout.node);
      insert(document_.line_start(line), missing_break(line) +
                                             (checkout.with ? "" : own + "with:" + break_) + own +
                                             "  " + key + ": false" + break_);
    }
  }

  /// A file may end without a line break. Whoever comes first at its end writes one.
  std::string missing_break(std::uint32_t line) {
    if (ended_ || document_.line_start(line) != document_.text().size() ||
        document_.text().ends_with('\n'))
      return {};
    ended_ = true;
    return break_;
  }

  const AgentJob& agent_;
  const Job& job_;
  const Document& document_;
  const Facts& facts_;
  std::string action_;
  std::string indent_;
  std::string break_;
  std::string gate_;
  GateInJob made_;
  bool ended_ = false;
};

}  // namespace

GateInJob complete_gate_in(const AgentJob& agent, const Facts& facts, const GateLacks& lacks) {
  return Writer(agent, facts, lacks.end).complete(lacks);
}

GateInJob put_gate_in(const AgentJob& agent, const Facts& facts, const std::string& action) {
  return Writer(agent, facts, action).write();
}

}  // namespace refgate::lint
