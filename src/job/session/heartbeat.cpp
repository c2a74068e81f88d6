// heartbeat: renews the lease of the job's session, once or over the whole job.

#include <charconv>
#include <iostream>

#include "call/commands.h"
#include "core/words/shorten.h"
#include "job/note/health_file.h"
#include "job/note/heartbeat_process.h"
#include "job/note/renewal.h"
#include "job/session/heartbeat_attached.h"
#include "job/subject/own_claims.h"
#include "os/file/checked_output.h"
#include "runner/run_page.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/fold_record.h"
#include "state/server_clock.h"

namespace refgate {
namespace {

std::optional<unsigned> parse_attempt(const std::string& text) {
  unsigned attempt = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), attempt);
  if (error != std::errc() || end != text.data() + text.size() || attempt == 0) return std::nullopt;
  return attempt;
}

/// The number of a process that runs; throws UsageError for anything else.
long process_option(const std::string& text) {
  // Linux' own bound, whatever a machine is set to (PID_MAX_LIMIT in proc(5)).
  constexpr long first_impossible = 4'194'304;
  long id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 1 || id >= first_impossible)
    throw UsageError("--while-pid is \"" + text +
                     "\", but must be the number of a process; nothing was started");
  if (!is_running(id))
    throw UsageError("--while-pid is \"" + text +
                     "\", but that process has ended, or never was; nothing was started");
  return id;
}

/// The one session that is meant: by `--claim-id`, or the job's only live one.
ClaimNote note_to_renew(const Settings& settings, const JobState& state,
                        const Environment& environment, const std::string& remote) {
  std::vector<ClaimNote> notes = notes_of_job(settings, state, environment, remote);
  std::erase_if(notes, [](const ClaimNote& note) { return note.is_over(); });
  if (notes.empty()) state.require_own_folder("nothing was renewed");
  if (notes.empty())
    throw UsageError(
        "this job holds no live claim (it was told to skip, its session has ended, or no gate ran "
        "in it); nothing was renewed");
  if (notes.size() > 1)
    throw UsageError("this job holds " + std::to_string(notes.size()) +
                     " live claims: say which one with --claim-id; nothing was renewed");
  return notes.front();
}

/// Who renews a session is its holder from then on: the run that made its claim may end before it.
void become_holder(const Invocation& call, const Settings& settings, Store& store,
                   ClaimNote& note) {
  const Self self = self_of(call, settings);
  if (!self.in_actions || self.run_id.empty() || note.claim.holder.run_id == self.run_id) return;
  const auto hand_over = [&](const Claim& claim) {
    Claim next = claim;
    const Environment& environment = call.environment;
    next.holder.run_id = self.run_id;
    next.holder.run_attempt = 1;
    if (const auto attempt = parse_attempt(self.run_attempt)) next.holder.run_attempt = *attempt;
    next.holder.job = self.job;
    next.holder.job_index = self.job_index;
    next.holder.run_url = shortened(
        numbered_run_page(environment, environment.get("GITHUB_REPOSITORY"), self.run_id)
            .value_or(environment.get("GITHUB_SERVER_URL") + "/" +
                      environment.get("GITHUB_REPOSITORY") + "/actions/runs/" + self.run_id),
        bounds::address);
    next.holder.actor = shortened(environment.get("GITHUB_ACTOR"), bounds::word);
    return next;
  };
  const Ended moved = update_claim(
      store, {note.ref, note.claim.claim_id, note.name_space, {note.claim, note.version}},
      hand_over, Publish::what_stood);
  if (moved.result != Ended::Result::ended)
    throw UsageError("the claim that --claim-id gives ended meanwhile; nothing was renewed");
  note.claim = moved.claim;
  note.version = moved.version;
}

/// After the remote's answer the job's own files are a courtesy.
void tell_unwritten(const Invocation& call, const std::string& what) {
  call.err << "refgate: " << escape_for(Place::line, what) << "; the remote has it all the same\n";
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
  become_holder(call, settings, store, note);
  try {
    state.save(note);
  } catch (const OutputError& error) {
    tell_unwritten(call, error.what());
  }
  return note;
}

ClaimNote found_note(const Invocation& call, const Settings& settings, const JobState& state,
                     Store& store) {
  if (!settings.claim_id.empty() &&
      notes_of_job(settings, state, call.environment, store.describe()).empty())
    return adopt(call, settings, state, store);
  return note_to_renew(settings, state, call.environment, store.describe());
}

void require_own(const Invocation& call, const Settings& settings, ClaimNote& note) {
  if (const auto why = disproven(note, settings, self_of(call, settings)))
    throw StoreError(StoreFailure::denied, *why + "; nothing was renewed");
}

void ensure_health(const Invocation& call, const JobState& state, const ClaimNote& note) {
  const HealthFile file(state, note.claim.claim_id);
  if (file.read()) return;
  // When its push was sent is not known here; what is known is how long ago the claim says it was.
  const Duration ago = std::max(Duration::zero(), now() - note.claim.renewed_at);
  try {
    file.write(health_of(note.claim, note.ref, state.runner_job(),
                         boot_now() - std::min(ago, boot_now())));
  } catch (const OutputError& error) {
    // Without the record `health` knows nothing; without a renewal the session is lost.
    call.err << "refgate: " << escape_for(Place::line, error.what()) << "\n";
  }
}

Beat renew_now(const Invocation& call, const Settings& settings, const JobState& state,
               Store& store, ClaimNote& note) {
  const Duration lease =
      settings.policy.lease_given ? settings.policy.lease : note.claim.limits.lease;
  std::set<std::string> published;
  std::string unwritten;
  const Beat beat = renew_lease(store, state, note, lease, {published, unwritten});
  if (!unwritten.empty()) tell_unwritten(call, unwritten);
  if (const auto difference = clock_difference(store.server_clock(), note.claim.limits.skew))
    call.err << "refgate: " << escape_for(Place::line, *difference) << "; " << clock_advice << "\n";
  return beat;
}

int tell(const Invocation& call, const JobState& state, const ClaimNote& note, Beat beat) {
  const std::string key = escape_for(Place::line, note.claim.session_key);
  switch (beat) {
    case Beat::renewed:
      call.out << "Lease renewed: " << key << " holds until "
               << format_rfc3339(note.claim.lease_until) << "\n";
      return exit_done;
    case Beat::unclaimed:
      call.out << "There is no claim: " << key
               << " was launched without one, so that nothing can be lost; nothing was renewed\n";
      return exit_done;
    case Beat::ended:
      call.out << "Session had ended: " << key << "; nothing was renewed\n";
      return exit_no;
    case Beat::lost:
    case Beat::called_off:
      break;
  }
  const auto health = HealthFile(state, note.claim.claim_id).read();
  call.err << "refgate: session death: "
           << escape_for(Place::line,
                         health && health->death ? health->death->text : "the session is lost")
           << "\n";
  return exit_no;
}

int once(const Invocation& call, const Settings& settings, const JobState& state) {
  const auto store = store_of(call, settings);
  ClaimNote note = found_note(call, settings, state, *store);
  require_own(call, settings, note);
  ensure_health(call, state, note);
  return tell(call, state, note, renew_now(call, settings, state, *store, note));
}

int background(const Invocation& call, const Settings& settings, const JobState& state) {
  HeartbeatPlan plan;
  if (const std::string id = call.option("while-pid"); !id.empty())
    plan.while_process = process_option(id);
  const auto store = store_of(call, settings);
  plan.note = found_note(call, settings, state, *store);
  require_own(call, settings, plan.note);
  Policy policy = settings.policy;
  policy.skew = plan.note.claim.limits.skew;
  require_room_for_heartbeats(policy);
  plan.lease = beat_lease(policy);
  plan.interval = beat_interval(policy);
  plan.cancels_run = policy.on_lost == OnLost::cancel;
  plan.first_after = span_option(call, "first-after", Duration::zero());
  ensure_health(call, state, plan.note);
  const HealthFile file(state, plan.note.claim.claim_id);
  const auto health = file.read();
  if (health && health->unclaimed) {
    // Whether a push of its gate arrived all the same is seen by one renewal.
    const Beat beat = renew_now(call, settings, state, *store, plan.note);
    if (beat != Beat::renewed) return tell(call, state, plan.note, beat);
  }
  const std::string key = escape_for(Place::line, plan.note.claim.session_key);
  if (health && beats_already(*health)) {
    call.out << "Heartbeats run already: process " << health->heartbeat_process << " renews " << key
             << "\n";
    return exit_done;
  }
  const HeartbeatProcess process = start_heartbeats(settings, call.environment, state, plan, false);
  if (process.id == 0)
    call.out << "Heartbeats run already: another process renews " << key << "\n";
  else
    call.out << "Heartbeats started: process " << process.id << " renews " << key << " every "
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
