#include "lint/agents/launches.h"

namespace refgate::lint {

const std::vector<AgentLaunch>& launches_of(const Subject& subject, const Workflow& workflow) {
  return subject.memo.get<std::vector<AgentLaunch>>(
      &workflow, [&] { return agent_launches(workflow, subject.project, subject.facts()); });
}

const std::vector<AgentLaunch>& launches_of(const Subject& subject) {
  return launches_of(subject, *subject.workflow);
}

const LaunchConditions& conditions_of(const Subject& subject, const AgentLaunch& launch) {
  return subject.memo.get<LaunchConditions>(&launch,
                                            [&] { return LaunchConditions(launch, subject.memo); });
}

const JobConditions& job_conditions_of(const Subject& subject, const Workflow& workflow) {
  return subject.memo.get<JobConditions>(&workflow, [&] { return JobConditions(workflow); });
}

}  // namespace refgate::lint
