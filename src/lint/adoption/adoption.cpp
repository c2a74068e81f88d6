#include "lint/adoption/adoption.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>

#include "lint/agents/agent_launch.h"
#include "lint/finding/edit.h"
#include "lint/finding/fix.h"
#include "lint/gates/gates.h"

namespace refgate::lint {
namespace {

/// A job whose own steps launch agents.
struct AgentJob {
  const Job* job = nullptr;
  std::vector<const Step*> launches;
};

std::vector<AgentJob> ungated_agent_jobs(const Workflow& workflow, const Project& project,
                                         const Facts& facts) {
  std::vector<const Job*> gated;
  std::vector<std::string_view> gate_jobs;
  for (const GatedJob& each : gated_jobs(workflow, project, facts)) {
    gated.push_back(each.job);
    gate_jobs.push_back(each.job->id);
  }
  std::vector<AgentJob> jobs;
  for (const AgentLaunch& launch : agent_launches(workflow, project, facts)) {
    if (launch.is_called()) continue;
    const Job& job = launch.own_job();
    if (std::find(gated.begin(), gated.end(), &job) != gated.end()) continue;
    // A gate in a job of its own stands before all that need it.
    if (std::any_of(job.needed.begin(), job.needed.end(), [&](const YamlNode& needed) {
          return std::find(gate_jobs.begin(), gate_jobs.end(), needed.text()) != gate_jobs.end();
        }))
      continue;
    const auto known = std::find_if(jobs.begin(), jobs.end(),
                                    [&](const AgentJob& each) { return each.job == &job; });
    AgentJob& entry = known == jobs.end() ? jobs.emplace_back(AgentJob{&job, {}}) : *known;
    if (std::find(entry.launches.begin(), entry.launches.end(), launch.step) ==
        entry.launches.end())
      entry.launches.push_back(launch.step);
  }
  return jobs;
}

std::string free_id(const Job& job, std::string_view wanted) {
  std::string id(wanted);
  for (int number = 2; job.step(id) != nullptr; ++number)
    id = std::string(wanted) + "-" + std::to_string(number);
  return id;
}

/// The condition without its `${{ }}`.
std::string bare(std::string_view condition) {
  const auto trim = [](std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\n'))
      text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n'))
      text.remove_suffix(1);
    return text;
  };
  condition = trim(condition);
  if (condition.starts_with("${{") && condition.ends_with("}}") &&
      condition.find("${{", 3) == std::string_view::npos)
    condition = trim(condition.substr(3, condition.size() - 5));
  std::string line(condition);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// A plain scalar where YAML lets it be one, else one in double quotes.
std::string as_scalar(const std::string& text) {
  if (text.find(": ") == std::string::npos && text.find(" #") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

class JobAdoption {
 public:
  JobAdoption(const Workflow& workflow, const AgentJob& agent, const std::string& action)
      : workflow_(workflow), document_(*workflow.document), agent_(agent), action_(action) {}

  /// False when the job is written in a way that takes no edit; a note says so.
  bool write() {
    const Job& job = *agent_.job;
    if (job.steps.empty() || job.steps_entry.value.style() != Style::block ||
        std::any_of(job.steps.begin(), job.steps.end(), [](const Step& step) {
          return step.parallel || step.node.style() != Style::block || step.node.is_alias();
        })) {
      note("its steps are written in a form that takes no edit; put the gate in by hand");
      return false;
    }
    indent_ = std::string(dash_column() - 1, ' ');
    gate_ = free_id(job, "gate");
    add_gate();
    for (const Step& step : job.steps)
      guard(step);
    add_finish();
    allow_writing();
    bound_time();
    keep_no_credentials();
    return true;
  }

  std::vector<TextEdit> edits;
  std::vector<std::string> notes;

 private:
  void note(const std::string& text) {
    notes.push_back("job `" + std::string(agent_.job->id) + "`: " + text);
  }

  void take(std::vector<TextEdit> more) { edits.insert(edits.end(), more.begin(), more.end()); }

  /// Where the dash of the first step stands.
  std::uint32_t dash_column() const {
    const Place place = agent_.job->steps.front().node.place();
    const std::string_view line = document_.line(place.line);
    const std::size_t dash = line.find('-');
    return static_cast<std::uint32_t>(dash == std::string_view::npos ? place.column : dash + 1);
  }

  std::string line_end() const {
    const std::size_t end = document_.text().find('\n');
    return end != std::string_view::npos && end > 0 && document_.text()[end - 1] == '\r' ? "\r\n"
                                                                                         : "\n";
  }

  void add_gate() {
    const Place first = agent_.job->steps.front().node.place();
    const std::uint32_t at = document_.line_start(first.line);
    edits.push_back({at,
                     at,
                     indent_ + "- id: " + gate_ + line_end() + indent_ + "  uses: " + action_ +
                         line_end() + indent_ + "  with:" + line_end() + indent_ +
                         "    pause: ask" + line_end(),
                     {}});
  }

  /// Every step but the end asks for the verdict. A condition that names a status function keeps
  /// meaning what it meant, since it still names one.
  void guard(const Step& step) {
    const std::string verdict = "steps." + gate_ + ".outputs.skip_execution == 'false'";
    if (!step.condition) {
      take(add_entry(document_, step.node, "if", verdict));
      return;
    }
    const std::string old = bare(step.condition.value.text());
    if (old.empty()) {
      note("a step has an empty `if`; guard it by hand");
      return;
    }
    edits.push_back(replace_node(step.condition.value, as_scalar(verdict + " && (" + old + ")")));
  }

  /// The outcome of the first launch that did not succeed, else that of the last.
  std::string outcome() {
    std::vector<std::string> ids;
    for (const Step* launch : agent_.launches) {
      std::string id(launch->id);
      if (id.empty()) {
        id = free_id(*agent_.job, agent_.launches.size() == 1
                                      ? "agent"
                                      : "agent-" + std::to_string(ids.size() + 1));
        take(add_entry(document_, launch->node, "id", id));
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
    const Step& last = agent_.job->steps.back();
    const Place place = last.node.place();
    // The end of a block scalar is the start of the line after it.
    std::uint32_t line = place.end_line;
    if (place.end > place.begin && document_.text()[place.end - 1] == '\n') --line;
    std::uint32_t at = document_.line_start(line + 1);
    std::string text;
    if (at == document_.text().size() && !document_.text().ends_with('\n')) text = line_end();
    const std::string next = line_end() + indent_ + "  ";
    text += indent_ + "- if: always()" + next + "uses: " + action_ + next + "with:" + next +
            "  command: finish" + next + "  status: " + outcome() + line_end();
    edits.push_back({at, at, text, {}});
  }

  void allow_writing() {
    const Job& job = *agent_.job;
    const Entry permissions = job.permissions ? job.permissions : workflow_.permissions;
    if (!permissions) {
      note(
          "no `permissions:` are named, so the repository's default decides; the gate needs "
          "`contents: write`, and `actions: read` to see that a holder's run has ended");
      return;
    }
    if (permissions.value.text() == "write-all") return;
    if (!permissions.value.is_mapping() || permissions.value.size() == 0) {
      note("its permissions let nothing be written; the gate needs `contents: write`");
      return;
    }
    const Entry contents = permissions.value.entry("contents");
    if (!contents)
      take(add_entry(document_, permissions.value, "contents", "write"));
    else if (contents.value.text() != "write")
      edits.push_back(replace_node(contents.value, "write"));
    if (!permissions.value.entry("actions"))
      take(add_entry(document_, permissions.value, "actions", "read"));
  }

  void bound_time() {
    const Job& job = *agent_.job;
    if (job.timeout_minutes) return;
    take(add_entry(document_, job.node, "timeout-minutes", "60",
                   job.runs_on ? job.runs_on : Entry{}));
  }

  /// The agent's code must not find the token that may write.
  void keep_no_credentials() {
    const bool pushes =
        std::any_of(agent_.job->steps.begin(), agent_.job->steps.end(), [](const Step& step) {
          return step.run_text().find("git push") != std::string_view::npos;
        });
    for (const Step& step : agent_.job->steps) {
      if (!step.uses_text().starts_with("actions/checkout@")) continue;
      if (step.input("persist-credentials")) continue;
      if (pushes) {
        note(
            "it pushes by git, so the checkout keeps its token; with `persist-credentials: false` "
            "and a token for that step alone the agent's code could not use it");
      } else if (step.with && step.with.value.is_mapping()) {
        take(add_entry(document_, step.with.value, "persist-credentials", "false"));
      } else {
        // After the line, where a comment with the version may stand.
        const std::uint32_t at = document_.line_start(step.uses.value.place().end_line + 1);
        const std::string before =
            at == document_.text().size() && !document_.text().ends_with('\n') ? line_end() : "";
        edits.push_back({at,
                         at,
                         before + indent_ + "  with:" + line_end() + indent_ +
                             "    persist-credentials: false" + line_end(),
                         {}});
      }
    }
  }

  const Workflow& workflow_;
  const Document& document_;
  const AgentJob& agent_;
  const std::string& action_;
  std::string indent_;
  std::string gate_;
};

/// Two jobs may want the same words at the top of the workflow.
std::vector<TextEdit> without_repeats(std::vector<TextEdit> edits) {
  std::vector<TextEdit> kept;
  for (TextEdit& edit : edits)
    if (std::find(kept.begin(), kept.end(), edit) == kept.end()) kept.push_back(std::move(edit));
  return kept;
}

/// Edits at one place are told apart by their order, which `apply_edits` takes for an overlap.
std::vector<TextEdit> joined(std::vector<TextEdit> edits) {
  std::vector<TextEdit> result;
  for (TextEdit& edit : edits) {
    const auto same = std::find_if(result.begin(), result.end(), [&](const TextEdit& each) {
      return each.begin == edit.begin && each.end == edit.end && each.begin == each.end;
    });
    if (same == result.end())
      result.push_back(std::move(edit));
    else
      same->replacement += edit.replacement;
  }
  return result;
}

}  // namespace

std::vector<Adoption> adopt(const Project& project, const Facts& facts, const std::string& action) {
  std::vector<Adoption> all;
  for (const Workflow& workflow : project.workflows()) {
    const std::vector<AgentJob> jobs = ungated_agent_jobs(workflow, project, facts);
    if (jobs.empty()) continue;
    Adoption adoption;
    adoption.file = workflow.file;
    adoption.after = workflow.document->text();
    if (workflow.generated) {
      adoption.notes.push_back(
          "the file is made by a program; put the gate into what it is made from");
      all.push_back(std::move(adoption));
      continue;
    }
    std::vector<TextEdit> edits;
    for (const AgentJob& job : jobs) {
      JobAdoption change(workflow, job, action);
      if (change.write()) {
        adoption.jobs.emplace_back(job.job->id);
        edits.insert(edits.end(), change.edits.begin(), change.edits.end());
      }
      adoption.notes.insert(adoption.notes.end(), change.notes.begin(), change.notes.end());
    }
    if (const auto after =
            apply_edits(workflow.document->text(), joined(without_repeats(std::move(edits))));
        after && std::holds_alternative<Document>(read_document(*after))) {
      adoption.after = *after;
    } else if (!adoption.jobs.empty()) {
      adoption.jobs.clear();
      adoption.notes.push_back(
          "the file is written in a form that takes no edit; put the gate in by hand");
    }
    all.push_back(std::move(adoption));
  }
  return all;
}

bool launches_agents(const Project& project, const Facts& facts) {
  return std::any_of(
      project.workflows().begin(), project.workflows().end(),
      [&](const Workflow& workflow) { return !agent_launches(workflow, project, facts).empty(); });
}

}  // namespace refgate::lint
