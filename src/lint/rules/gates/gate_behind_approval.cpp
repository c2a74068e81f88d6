// A job that waits for people asks its gate after that: they are asked about duplicates too. Facts:
// "Deployments and environments": a job that names an environment waits for its protection rules
// before it begins. Which rules it has stands in the repository's settings.

#include <string>

#include "lint/agents/agent_launch.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/told_settings.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// The name of the environment that a job certainly names.
std::string_view environment_of(const Job& job) {
  const YamlNode value = job.environment.value;
  const std::string_view name = value.is_mapping() ? value["name"].text() : value.text();
  // One that may be empty (`${{ … || '' }}`) is none.
  return may_be(name, "") ? std::string_view() : name;
}

}  // namespace

void check_gate_behind_approval(const Subject& subject, Sink& sink) {
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Job& job = *gated.job;
    if (environment_of(job).empty() || is_switched_off(job.condition)) continue;
    for (const Gate& gate : gated.gates) {
      if (gate.kind != GateKind::refgate || gate.step == nullptr) continue;
      // Who goes on with a claim has been asked before.
      if (told(place_of(gate, job, *subject.workflow), "claim-id")) continue;
      sink.report(subject, job.environment.key,
                  "where this environment asks for an approval or a wait, job `" +
                      std::string(job.id) +
                      "` asks its gate only after that: people approve duplicates too, and the "
                      "work is claimed maybe hours after its event; let a job before it, without "
                      "`environment`, ask the gate")
          .related(subject, gate.step->main().key, "the gate");
      break;
    }
  }
}

}  // namespace refgate::lint
