#include "lint/adoption/jobs_around.h"

#include <optional>
#include <vector>

#include "lint/finding/edit.h"
#include "lint/finding/fix.h"

namespace refgate::lint {
namespace {

std::string free_job_id(const Workflow& workflow, std::string_view wanted) {
  std::string id(wanted);
  for (int number = 2; workflow.job(id) != nullptr; ++number)
    id = std::string(wanted) + "-" + std::to_string(number);
  return id;
}

class Around {
 public:
  Around(const AgentJob& agent, const std::string& action, const std::string& ending)
      : job_(*agent.job),
        document_(agent.document()),
        action_(action),
        outer_(indent_of(document_, job_.key)),
        gate_(free_job_id(*agent.workflow, "gate" + ending)),
        finish_(free_job_id(*agent.workflow, "finish" + ending)),
        condition_(joinable_condition(job_.condition.value.text())) {
    const std::string own =
        job_.node.style() == Style::block ? indent_of(document_, job_.node) : "";
    step_ = own.size() > outer_.size() ? own.size() - outer_.size() : 2;
  }

  JobsAround make() {
    const std::uint32_t begin = document_.line_start(job_.key.place().line);
    const std::uint32_t end = end_of_job();
    const auto edits = edits_of_job();
    JobsAround made;
    if (!edits) {
      made.text = gate() + by_hand() + finish();
    } else {
      std::vector<TextEdit> shifted = *edits;
      for (TextEdit& edit : shifted) {
        edit.begin -= begin;
        edit.end -= begin;
      }
      const auto job = apply_edits(document_.text().substr(begin, end - begin), shifted);
      if (!job) {
        made.text = gate() + by_hand() + finish();
      } else {
        const std::string whole_job = *job + (job->ends_with('\n') ? "" : "\n");
        made.text = gate() + whole_job + finish();
        made.whole = std::string(document_.text().substr(0, begin)) + made.text +
                     std::string(document_.text().substr(end));
      }
    }
    return made;
  }

 private:
  std::string verdict() const {
    return "needs." + gate_ + ".outputs.skip_execution == 'false' && needs." + gate_ +
           ".outputs.run_attempt == github.run_attempt";
  }

  std::string line(int depth, const std::string& text) const {
    return outer_ + std::string(static_cast<std::size_t>(depth) * step_, ' ') + text + "\n";
  }

  std::string step_line(const std::string& text) const { return line(2, text); }

  /// The jobs that the job needs, and one more.
  std::string needs_and(const std::string& more) const {
    std::string list;
    for (const YamlNode needed : job_.needed)
      list += std::string(needed.text()) + ", ";
    return list.empty() ? more : "[" + list + more + "]";
  }

  std::string gate() const {
    std::string text = line(0, gate_ + ":");
    // Asked for the events that the work is for, and for no others.
    if (!job_.needed.empty()) text += line(1, "needs: " + needs_of_job());
    if (!condition_.empty()) text += line(1, "if: " + as_condition(condition_));
    text += line(1, "runs-on: ubuntu-latest") + line(1, "timeout-minutes: 5") +
            line(1, "permissions:") + line(2, "contents: write") + line(2, "actions: read") +
            line(1, "outputs:");
    for (const char* name : {"skip_execution", "run_attempt", "claim_id", "own_failure"})
      text += line(2, std::string(name) + ": ${{ steps.gate.outputs." + name + " }}");
    return text + line(1, "steps:") + step_line("- id: gate") + step_line("  uses: " + action_) +
           step_line("  with:") + step_line("    retry: manual") + step_line("    pause: ask");
  }

  std::string needs_of_job() const {
    std::string list;
    for (const YamlNode needed : job_.needed)
      list += (list.empty() ? "" : ", ") + std::string(needed.text());
    return job_.needed.size() == 1 ? list : "[" + list + "]";
  }

  static std::string as_condition(const std::string& condition) {
    return as_scalar("${{ " + condition + " }}");
  }

  std::string finish() const {
    const std::string result = "needs." + std::string(job_.id) + ".result";
    const std::string always = condition_.empty() && job_.needed.empty()
                                   ? "always()"
                                   : "always() && needs." + gate_ + ".result != 'skipped'";
    return line(0, finish_ + ":") +
           line(1, "needs: [" + gate_ + ", " + std::string(job_.id) + "]") +
           line(1, "if: " + always) + line(1, "runs-on: ubuntu-latest") +
           line(1, "timeout-minutes: 5") + line(1, "permissions:") + line(2, "contents: write") +
           line(1, "steps:") + step_line("- uses: " + action_) + step_line("  with:") +
           step_line("    command: finish") + step_line("    status: ${{ " + result + " }}") +
           step_line("    claim-id: ${{ needs." + gate_ + ".outputs.claim_id }}") +
           step_line("    own-failure: ${{ needs." + gate_ + ".outputs.own_failure }}");
  }

  std::string by_hand() const {
    return line(0, "# job " + std::string(job_.id) + ", as it is, with:") +
           line(0, "#   needs: " + needs_and(gate_)) +
           line(0, "#   if: " + verdict() + (job_.condition ? " && (what it asks for now)" : ""));
  }

  /// `needs` and `if` of the job; nullopt when they cannot be edited.
  std::optional<std::vector<TextEdit>> edits_of_job() const {
    if (job_.node.style() != Style::block || job_.node.is_alias() || job_.node.size() == 0 ||
        !job_.node.anchor().empty() || (job_.condition && condition_.empty()))
      return std::nullopt;
    std::vector<TextEdit> edits;
    const auto set = [&](const Entry& entry, const char* key, const std::string& value) {
      if (entry && (entry.value.is_alias() || entry.value.style() == Style::empty)) return false;
      const std::vector<TextEdit> added = entry
                                              ? std::vector{replace_value(document_, entry, value)}
                                              : add_entry(document_, job_.node, key, value);
      edits.insert(edits.end(), added.begin(), added.end());
      return !added.empty();
    };
    if (!set(job_.needs, "needs", needs_and(gate_))) return std::nullopt;
    const std::string condition =
        job_.condition ? joined_condition(verdict(), job_.condition.value.text()) : verdict();
    if (!set(job_.condition, "if", condition)) return std::nullopt;
    if (!job_.timeout_minutes && !set({}, "timeout-minutes", "60")) return std::nullopt;
    return edits;
  }

  std::uint32_t end_of_job() const {
    const Place place = job_.node.place();
    std::uint32_t last = place.end_line;
    if (place.end > place.begin && document_.text()[place.end - 1] == '\n') --last;
    return document_.line_start(last + 1);
  }

  const Job& job_;
  const Document& document_;
  const std::string& action_;
  std::string outer_;
  std::string gate_, finish_;
  std::string condition_;
  std::size_t step_ = 2;
};

}  // namespace

JobsAround put_jobs_around(const AgentJob& agent, const std::string& action, Pasted pasted) {
  const bool alone = pasted == Pasted::alone;
  return Around(agent, action, alone ? "" : "-" + std::string(agent.job->id)).make();
}

}  // namespace refgate::lint
