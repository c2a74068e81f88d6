#include "job/end/observing.h"

#include <algorithm>
#include <ostream>

#include "core/decision/decision.h"
#include "job/note/health_file.h"
#include "job/note/renewal.h"
#include "job/subject/own_claims.h"
#include "runner/runner.h"
#include "state/record.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr Duration longest_question = 5s;
constexpr Duration end_line_bound = 3s;

}  // namespace

Settings observing(Settings settings) {
  settings.policy = observing(std::move(settings.policy));
  settings.policy.deadline = std::min(settings.policy.deadline, longest_question);
  return settings;
}

void leave_observation(const Settings& settings, const JobState& state, const Subject& subject,
                       const std::string& claim_id, bool would_skip) {
  const std::string& nonce = claim_id.empty() ? subject.request.nonce : claim_id;
  note_observation(state, {subject.ref, subject.request.holder, nonce, would_skip, now(), {}});
  const HealthFile file(state, nonce);
  try {
    const auto noted = file.update([](Health& health) { health.observing = true; });
    if (noted || !state.belongs_to_job()) return;
    Claim claim;
    claim.claim_id = nonce;
    claim.session_key = subject.request.session_key;
    claim.limits = {settings.policy.lease, settings.policy.skew, settings.policy.memory,
                    settings.policy.pr_lock_window};
    claim.claimed_at = claim.renewed_at = now();
    Health health = health_of(claim, subject.ref, state.runner_job(), boot_now());
    health.observing = true;
    file.write(health);
  } catch (const std::runtime_error&) {
    // Who asks for its health is told that nothing is known of it; nothing halts.
  }
}

void end_observations(const Invocation& call, const Settings& settings, const JobState& state,
                      const std::string& job_status, std::ostream& out) {
  std::vector<Observation> noted = observations(state, caller_of(call, settings));
  std::erase_if(noted, [](const Observation& each) { return !each.would_skip; });
  for (const Observation& each : noted) {
    try {
      note_end(state, each.nonce);
      // It is best effort: without a token there is none.
      if (!may_ask(call, settings)) {
        out << "Observed: what came of it is not in the record, since this step has no token "
               "(the input observe: true gives it one)\n";
        continue;
      }
      const Subject subject = subject_of(call, settings);
      const auto store = store_of(call, settings);
      const Within bound(*store, end_line_bound);
      AuditEntry line = observed_end(subject.request, each.nonce, job_status, each.since, now());
      line.spent = settings.spent;
      if (const SwapOutcome outcome = push_once(*store, note_change(line, settings.name_space));
          outcome.result == SwapResult::refused)
        throw std::runtime_error(outcome.message);
      forget_observation(state, each.ref);
      out << "Observed: " << escape_for(Place::line, subject.request.session_key)
          << " ran beside another session and ended with " << escape_for(Place::line, job_status)
          << "; no claim was touched\n";
    } catch (const std::exception& error) {
      call.err << "refgate: what came of an observed session is not in the record: "
               << escape_for(Place::line, error.what()) << "\n";
    }
  }
}

bool may_ask(const Invocation& call, const Settings& settings) {
  const Remote remote = resolve_remote(settings, call.environment);
  return !call.environment.in_actions() || remote.kind != Remote::Kind::https ||
         !remote.token.empty();
}

bool is_observing(const Invocation& call, const Settings& settings, const JobState& state) {
  return settings.policy.observe || !observations(state, caller_of(call, settings)).empty();
}

}  // namespace refgate
