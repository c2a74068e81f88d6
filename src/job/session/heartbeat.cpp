// heartbeat: renews the lease of the job's session, once or over the whole job.

#include <iostream>

#include "call/commands.h"
#include "job/gate/own_claims.h"
#include "job/note/health_file.h"
#include "job/note/heartbeat_process.h"
#include "job/session/heartbeat_attached.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/renewal.h"

namespace refgate {
namespace {

/// The one session that is meant: by `--claim-id`, or the job's only live one.
ClaimNote note_to_renew(const Settings& settings, const JobState& state,
                        const Environment& environment, const std::string& remote) {
  std::vector<ClaimNote> notes = notes_of_job(settings, state, environment, remote);
  std::erase_if(notes, [](const ClaimNote& note) { return note.claim.state == ClaimState::ended; });
  if (notes.empty())
    throw UsageError(
        "this job holds no live claim (it was told to skip, its session has ended, or no gate ran "
        "in it); nothing was renewed");
  if (notes.size() > 1)
    throw UsageError("this job holds " + std::to_string(notes.size()) +
                     " live claims: say which one with --claim-id; nothing was renewed");
  return notes.front();
}

/// A claim that another job made is known by its id alone: its ref is looked for, and from then on
/// this job has a note of it.
ClaimNote adopt(const Invocation& call, const Settings& settings, const JobState& state,
                Store& store) {
  const std::string ref = find_claim(call, settings, store);
  const SeenClaim seen = ref.empty() ? SeenClaim{} : read_claim(store, ref);
  if (!seen.claim || seen.claim->claim_id != settings.claim_id ||
      seen.claim->state == ClaimState::ended)
    throw UsageError("no live claim has the id that --claim-id gives; nothing was renewed");
  ClaimNote note;
  note.ref = ref;
  note.name_space = settings.name_space;
  note.remote = store.describe();
  note.runner_job = state.runner_job();
  note.claim = *seen.claim;
  note.version = seen.version;
  state.save(note);
  return note;
}

ClaimNote found_note(const Invocation& call, const Settings& settings, const JobState& state,
                     Store& store) {
  if (!settings.claim_id.empty() &&
      notes_of_job(settings, state, call.environment, store.describe()).empty())
    return adopt(call, settings, state, store);
  return note_to_renew(settings, state, call.environment, store.describe());
}

void ensure_health(const JobState& state, const ClaimNote& note) {
  const HealthFile file(state, note.claim.claim_id);
  if (file.read()) return;
  // When its push was sent is not known here; what is known is how long ago the claim says it was.
  const Duration ago = std::max(Duration::zero(), now() - note.claim.renewed_at);
  file.write(
      health_of(note.claim, note.ref, state.runner_job(), boot_now() - std::min(ago, boot_now())));
}

int once(const Invocation& call, const Settings& settings, const JobState& state) {
  const auto store = store_of(call, settings);
  ClaimNote note = found_note(call, settings, state, *store);
  const Duration lease =
      settings.policy.lease_given ? settings.policy.lease : note.claim.limits.lease;
  ensure_health(state, note);
  std::set<std::string> published;
  switch (renew_lease(*store, state, note, lease, published)) {
    case Beat::renewed:
      call.out << "Lease renewed: " << escape_for(Place::line, note.claim.session_key)
               << " holds until " << format_rfc3339(note.claim.lease_until) << "\n";
      return exit_done;
    case Beat::ended:
      call.out << "Session had ended: " << escape_for(Place::line, note.claim.session_key)
               << "; nothing was renewed\n";
      return exit_no;
    case Beat::lost:
      break;
  }
  const auto health = HealthFile(state, note.claim.claim_id).read();
  call.err << "refgate: session death: "
           << escape_for(Place::line,
                         health && health->death ? health->death->text : "the session is lost")
           << "\n";
  return exit_no;
}

int background(const Invocation& call, const Settings& settings, const JobState& state) {
  const auto store = store_of(call, settings);
  HeartbeatPlan plan;
  plan.note = found_note(call, settings, state, *store);
  Policy policy = settings.policy;
  policy.skew = plan.note.claim.limits.skew;
  require_room_for_heartbeats(policy);
  plan.lease = beat_lease(policy);
  plan.interval = beat_interval(policy);
  plan.first_after = span_option(call, "first-after", Duration::zero());
  if (const std::string id = call.option("while-pid"); !id.empty())
    plan.while_process = std::strtol(id.c_str(), nullptr, 10);
  ensure_health(state, plan.note);
  const HeartbeatProcess process = start_heartbeats(settings, call.environment, state, plan, false);
  call.out << "Heartbeats started: process " << process.id << " renews "
           << escape_for(Place::line, plan.note.claim.session_key) << " every "
           << format_duration(plan.interval) << " for " << format_duration(plan.lease) << "\n";
  return exit_done;
}

}  // namespace

int command_heartbeat(const Invocation& call) {
  const Settings settings = settings_of(call);
  const JobState state(settings, call.environment);
  if (call.flag("attached")) return beat_attached(call, settings, state);
  return call.flag("background") ? background(call, settings, state) : once(call, settings, state);
}

}  // namespace refgate
