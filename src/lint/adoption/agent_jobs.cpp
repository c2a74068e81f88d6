#include "lint/adoption/agent_jobs.h"

#include <algorithm>

#include "core/text/blank.h"
#include "lint/gates/gates.h"

namespace refgate::lint {
namespace {

/// Whether a text of an expression goes over the end of a line.
bool breaks_inside_of_quotes(std::string_view condition) {
  bool quoted = false;
  for (const char character : condition) {
    if (character == '\'') quoted = !quoted;
    if (character == '\n' && quoted) return true;
  }
  return false;
}

std::vector<AgentJob> agent_jobs(const Workflow& workflow, const Project& project,
                                 const Facts& facts) {
  std::vector<AgentJob> jobs;
  for (const AgentLaunch& launch : agent_launches(workflow, project, facts)) {
    // Nothing can be put before the agent in what another workflow does.
    if (launch.is_called() || launch.is_call()) continue;
    const Job& job = launch.own_job();
    const auto known = std::find_if(jobs.begin(), jobs.end(),
                                    [&](const AgentJob& each) { return each.job == &job; });
    AgentJob& entry =
        known == jobs.end() ? jobs.emplace_back(AgentJob{&workflow, &job, {}}) : *known;
    if (std::none_of(entry.launches.begin(), entry.launches.end(),
                     [&](const AgentLaunch& each) { return each.step == launch.step; }))
      entry.launches.push_back(launch);
  }
  return jobs;
}

}  // namespace

bool needs_one_of(const Workflow& workflow, const Job& job, const std::set<const Job*>& others) {
  std::set<const Job*> seen;
  std::vector<const Job*> open{&job};
  while (!open.empty()) {
    const Job* next = open.back();
    open.pop_back();
    for (const YamlNode needed : next->needed) {
      const Job* other = workflow.job(needed.text());
      if (others.contains(other)) return true;
      if (other != nullptr && seen.insert(other).second) open.push_back(other);
    }
  }
  return false;
}

std::vector<AgentJob> ungated_agent_jobs(const Workflow& workflow, const Project& project,
                                         const Facts& facts) {
  std::set<const Job*> gated;
  for (const GatedJob& each : gated_jobs(workflow, project, facts))
    gated.insert(each.job);
  std::vector<AgentJob> jobs = agent_jobs(workflow, project, facts);
  std::erase_if(jobs, [&](const AgentJob& agent) {
    return gated.contains(agent.job) || needs_one_of(workflow, *agent.job, gated);
  });
  return jobs;
}

std::vector<AgentJob> gated_agent_jobs(const Workflow& workflow, const Project& project,
                                       const Facts& facts) {
  const std::vector<GatedJob> gated = gated_jobs(workflow, project, facts);
  std::vector<AgentJob> jobs = agent_jobs(workflow, project, facts);
  std::erase_if(jobs, [&](const AgentJob& agent) {
    return std::none_of(gated.begin(), gated.end(), [&](const GatedJob& each) {
      return each.job == agent.job && !each.gates.empty() &&
             each.gates.front().kind == GateKind::refgate && each.gates.front().step != nullptr;
    });
  });
  return jobs;
}

std::string why_not_joinable(std::string_view condition) {
  if (trimmed(condition).empty()) return "is empty";
  const Expression expression = parse_condition(condition);
  if (!expression.is_valid()) return "cannot be read";
  if (expression.node(expression.root()).kind == ExpressionKind::concatenation)
    return "is a text around `${{ }}`, and so always true";
  if (breaks_inside_of_quotes(condition)) return "has a text of several lines";
  return {};
}

std::string joinable_condition(std::string_view condition) {
  if (!why_not_joinable(condition).empty()) return {};
  condition = trimmed(condition);
  if (condition.starts_with("${{") && condition.ends_with("}}"))
    condition = trimmed(condition.substr(3, condition.size() - 5));
  std::string line;
  for (const char character : condition)
    if (character != '\r') line += character == '\n' || character == '\t' ? ' ' : character;
  return line;
}

std::string as_scalar(const std::string& text) {
  if (text.find(": ") == std::string::npos && text.find(" #") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

TextEdit replace_value(const Document& document, const Entry& entry, const std::string& value) {
  const std::string_view text = document.text();
  std::uint32_t end = entry.value.place().end;
  // The end of a block scalar is the start of the line after it.
  while (end > entry.value.place().begin && (text[end - 1] == '\n' || text[end - 1] == '\r'))
    --end;
  return {entry.key.place().end, std::max(end, entry.key.place().end), ": " + value, {}};
}

std::string joined_condition(const std::string& verdict, std::string_view condition) {
  return as_scalar(verdict + " && (" + joinable_condition(condition) + ")");
}

std::string indent_of(const Document& document, YamlNode node) {
  const std::uint32_t begin = node.is_mapping() && node.size() > 0
                                  ? (*node.entries().begin()).key.outer_begin()
                                  : node.place().begin;
  return std::string(begin - document.line_start(document.place(begin, begin).line), ' ');
}

}  // namespace refgate::lint
