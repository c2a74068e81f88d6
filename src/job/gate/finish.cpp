#include <algorithm>
#include <ostream>

#include "call/commands.h"
#include "core/event/scope.h"
#include "job/gate/asked_end.h"
#include "job/gate/ending.h"
#include "job/gate/own_claims.h"
#include "job/gate/subject.h"
#include "job/note/health_file.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/fold_record.h"
#include "state/queues.h"
#include "state/renewal.h"
#include "state/spending.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t swept_by_finish = 20;
constexpr Duration sweep_budget = 1s;
constexpr Duration fold_budget = 5s;

bool others_are_there(const Store& store, const std::string& name_space, const std::string& own) {
  const auto seen = store.last_seen(claims_prefix(name_space));
  if (!seen) return false;
  return std::any_of(seen->begin(), seen->end(),
                     [&](const auto& entry) { return entry.first != own; });
}

/// A gate that was killed may have a push on the wire. Its job runs nothing more, so the ref is
/// given, by a swap on the very value that the push expects, a claim that ended before it began:
/// whatever arrives later is stale. False when the ref has moved on.
bool fence_off(Store& store, const ClaimNote& note, Claim& closed) {
  // Nothing was launched: whoever comes next may start, a re-run too, and only what others did
  // before is told.
  closed = end_claim(note.claim, ClaimOutcome::released, "cancelled", now());
  closed.note = "its gate was ended before it had an answer";
  std::erase_if(closed.outbox,
                [&](const AuditEntry& line) { return line.claim_id == note.claim.claim_id; });
  std::vector<Change> changes{{note.ref, note.expected, claim_snapshot(closed), true}};
  for (const AuditEntry& line : closed.outbox)
    changes.push_back(note_change(line, note.name_space));
  return store.swap(changes).front().result == SwapResult::swapped;
}

}  // namespace

Ended end_session(Store& store, const JobState& state, const ClaimNote& note,
                  const std::string& job_status) {
  const StatusMeaning meaning = meaning_of_status(job_status);
  if (Claim closed; note.unanswered && fence_off(store, note, closed)) {
    ClaimNote done = note;
    done.claim = closed;
    done.unanswered = false;
    state.save(done);
    note_end(state, closed.claim_id);
    return {Ended::Result::ended, closed, closed, std::nullopt, true};
  }
  SeenClaim known;
  // What our last acknowledged swap left is what the ref should hold: no need to read it.
  if (note.version && note.claim.state != ClaimState::ended) known = {note.claim, note.version};
  // Its place in line goes with it, in the same push.
  std::vector<Change> place;
  try {
    place = ticket_changes(store, note.name_space, note.claim);
  } catch (const StoreError&) {
    // The line passes over it; ending the session is what counts.
  }
  Claim launched;
  Ended ended = update_claim(
      store, note.ref, note.claim.claim_id, note.name_space, std::move(known),
      [&](const Claim& claim) {
        if (claim.state == ClaimState::waiting)
          return abandon_claim(claim, "its gate was ended while it waited", now());
        launched = claim;
        if (note.untold) return abandon_claim(claim, "its gate could not tell its verdict", now());
        if (!meaning.executed) return give_back_claim(claim, "nothing was executed", now());
        return end_claim(claim, meaning.outcome,
                         meaning.known ? job_status : name_of(ClaimOutcome::cancelled), now());
      },
      Publish::everything, &place);
  // Others came in between, or the claim's group was not known before it was read.
  if (ended.result == Ended::Result::ended &&
      (!place.empty() || note.claim.group != ended.claim.group))
    return_ticket(store, note.name_space, ended.claim);
  if (ended.result == Ended::Result::not_ours) {
    state.remove(note.claim.claim_id);
    HealthFile(state, note.claim.claim_id).update([&](Health& health) {
      health =
          died(std::move(health), {now(), ended.seen ? DeathCause::taken_over : DeathCause::gone,
                                   describe_end(ended, health.session_key)});
    });
  } else {
    note_end(state, note.claim.claim_id);
    const bool never_started = ended.claim.claim_id != note.claim.claim_id ||
                               ended.claim.outcome == ClaimOutcome::abandoned;
    ended.given_back = ended.result == Ended::Result::ended && never_started;
    if (ended.given_back) take_back_launch(store, launched, note.name_space);
    if (never_started) {
      // What stands there now may be the claim of somebody before us.
      state.remove(note.claim.claim_id);
      return ended;
    }
    ClaimNote done = note;
    done.claim = ended.claim;
    done.version.reset();
    state.save(done);
  }
  return ended;
}

std::string describe_end(const Ended& ended, const std::string& session_key) {
  switch (ended.result) {
    case Ended::Result::ended:
      if (ended.given_back)
        return "Nothing was launched: " + session_key +
               " is given back, and its scope is as it was";
      return "Session ended: " + session_key + " (" + std::string(name_of(ended.claim.outcome)) +
             ")";
    case Ended::Result::already:
      return "Session had ended before: " + session_key + " (" +
             std::string(name_of(ended.claim.outcome)) + "); nothing was changed";
    case Ended::Result::not_ours:
      break;
  }
  return "Nothing was changed: " + session_key +
         (ended.seen ? " is held by " + describe_holder(*ended.seen, now())
                     : " has no claim any more");
}

namespace {

/// Only what was not said at all is the success that a shell line means by `refgate finish`; what
/// was said and is empty (a step or job that is not there) is none.
std::string status_of(const Invocation& call) {
  if (call.flag("status")) return call.option("status");
  const auto& variables = call.environment.variables();
  const auto said = variables.find("REFGATE_STATUS");
  return said == variables.end() ? "success" : said->second;
}

std::string unknown_status(const std::string& status) {
  return (status.empty() ? std::string("the status is empty")
                         : "the status is \"" + status + "\", which GitHub does not know") +
         "; what was live is ended as cancelled, so that the next event does the work. Pass what "
         "came of it: steps.<id>.outcome, needs.<job>.result or job.status";
}

int finish(const Invocation& call, const Settings& settings) {
  const std::string status = status_of(call);
  const StatusMeaning meaning = meaning_of_status(status);
  const JobState state(settings, call.environment);
  if (const auto done = finish_without_token(call, settings, state, status)) {
    if (!meaning.known) throw UsageError(unknown_status(status));
    return *done;
  }
  const auto store = store_of(call, settings);
  std::vector<ClaimNote> notes = notes_of_job(settings, state, call.environment, store->describe());
  if (notes.empty() && settings.claim_id.empty())
    if (const auto done = finish_without_note(call, settings, state, *store, status)) {
      if (!meaning.known) throw UsageError(unknown_status(status));
      return *done;
    }
  if (notes.empty() && settings.claim_id.empty())
    call.out << "Nothing was changed: this job holds no claim (it was told to skip, or no gate ran "
                "in it)\n";
  const std::string ref =
      notes.empty() && !settings.claim_id.empty() ? find_claim(call, settings, *store) : "";
  if (notes.empty() && !settings.claim_id.empty() && ref.empty())
    call.out << "Nothing was changed: no claim has that id\n";
  if (!ref.empty()) {
    ClaimNote note;
    note.ref = ref;
    note.name_space = settings.name_space;
    note.remote = store->describe();
    note.runner_job = state.runner_job();
    note.claim.claim_id = settings.claim_id;
    note.claim.session_key = ref;
    notes.push_back(std::move(note));
  }
  bool ended_one = false;
  std::optional<StoreError> failed;
  for (const ClaimNote& note : notes) {
    if (note.claim.state == ClaimState::ended) {
      call.out << "Session had ended before: " << escape_for(Place::line, note.claim.session_key)
               << " (" << name_of(note.claim.outcome) << "); nothing was changed\n";
      continue;
    }
    try {
      const Ended ended = end_session(*store, state, note, status);
      const std::string& key =
          ended.claim.session_key.empty() ? note.claim.session_key : ended.claim.session_key;
      call.out << escape_for(Place::line, describe_end(ended, key)) << "\n";
      if (ended.left_out > 0) call.err << "refgate: " << describe_left_out(ended.left_out) << "\n";
      ended_one = ended_one || ended.result == Ended::Result::ended;
    } catch (const StoreError& error) {
      // One claim that cannot be read must not keep the others alive.
      if (failed)
        report(call.err, error);
      else
        failed = error;
    }
  }
  if (failed) throw StoreError(*failed);
  if (!meaning.known) throw UsageError(unknown_status(status));
  // A cancelled job has seconds to live; the next finish will find the same refs.
  if (ended_one && meaning.outcome != ClaimOutcome::cancelled &&
      others_are_there(*store, settings.name_space, notes.front().ref))
    if (const int gone = sweep(*store, settings.name_space, swept_by_finish, sweep_budget);
        gone > 0)
      call.out << "Old sessions cleaned: " << gone << "\n";
  if (ended_one && meaning.outcome != ClaimOutcome::cancelled)
    if (const std::size_t folded =
            fold_earlier_days(*store, settings.name_space, now(), fold_budget);
        folded > 0)
      call.out << "Lines of earlier days folded: " << folded << "\n";
  return exit_done;
}

}  // namespace

int command_finish(const Invocation& call) {
  const Settings settings = settings_of(call);
  try {
    return finish(call, settings);
  } catch (const StoreError& error) {
    report(call.err, error);
    if (settings.policy.on_error == Fallback::fail) return exit_store;
    call.err << "refgate: the session was not ended; its claim passes when its lease does\n";
    return exit_done;
  }
}

}  // namespace refgate
