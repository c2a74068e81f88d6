// pause and resume: a person stops a kind of work, and lifts that again.

#include <algorithm>
#include <ostream>
#include <set>
#include <thread>

#include "call/commands.h"
#include "core/decision/decision.h"
#include "core/text/count.h"
#include "core/words/sentence.h"
#include "pausing/halt_sessions.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/pause/pauses.h"
#include "state/spending.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// A gate that had looked before the pause may claim after the first list.
constexpr Duration late_claims = 3s;

std::string caller(const Environment& environment) {
  const std::string actor = environment.get("GITHUB_ACTOR");
  return actor.empty() ? environment.get("USER") : actor;
}

std::string said_subject(const Invocation& call) {
  return call.arguments.empty() ? std::string() : call.arguments.front();
}

PauseSubject subject_of(const Invocation& call) {
  // Not said at all; what was said and is empty is wrong usage.
  if (said_subject(call).empty()) return PauseSubject{};
  const auto parsed = parse_pause_subject(said_subject(call));
  if (const auto* error = std::get_if<std::string>(&parsed))
    throw UsageError(*error + "; nothing was changed");
  return std::get<PauseSubject>(parsed);
}

Pause asked_pause(const Invocation& call) {
  Pause pause;
  pause.subject = subject_of(call);
  if (const std::string why = why_it_stops_nobody(pause.subject); !why.empty())
    throw UsageError(why + "; nothing was changed");
  pause.since = now();
  pause.halt = call.flag("halt");
  pause.who = caller(call.environment);
  pause.reason = call.option("reason");
  if (!call.flag("for")) return pause;
  const auto span = parse_duration(call.option("for"));
  if (!span || *span <= Duration::zero())
    throw UsageError("--for is \"" + call.option("for") +
                     "\", but must be a span of time such as 90s, 2h or 7d; nothing was changed");
  pause.until = pause.since + *span;
  return pause;
}

/// Best effort: the pause stands, whether or not the record tells of it.
void record(const Invocation& call, Store& store, const std::string& name_space,
            const std::vector<AuditEntry>& lines) {
  std::vector<Change> notes;
  for (const AuditEntry& line : lines)
    notes.push_back(note_change(line, name_space));
  std::string trouble;
  try {
    for (const SwapOutcome& outcome : push_in_batches(store, notes))
      if (outcome.result == SwapResult::refused) trouble = outcome.message;
  } catch (const StoreError& error) {
    trouble = error.what();
  }
  if (!trouble.empty())
    call.err << "refgate: it is done, and not in the record: " << escape_for(Place::line, trouble)
             << "\n";
}

/// True when every session of the subject has been ended, as far as it was seen.
bool halt(const Invocation& call, Store& store, const Settings& settings, const Pause& pause) {
  std::size_t ended = 0;
  std::set<std::string> undone;
  for (const bool first : {true, false}) {
    if (!first) std::this_thread::sleep_for(late_claims);
    give_time(store, settings.policy.deadline);
    const HaltedSessions halted = halt_sessions(store, settings.name_space, pause);
    for (const StoredClaim& each : halted.ended)
      call.out << "Ended: " << escape_for(Place::line, each.claim.session_key) << ", held by "
               << escape_for(Place::line, describe_holder(each.claim, now())) << "\n"
               << std::flush;
    ended += halted.ended.size();
    for (const UnreadableRef& ref : halted.undone)
      if (undone.insert(ref.ref).second)
        call.err << "refgate: " << escape_for(Place::line, ref.ref)
                 << " was not ended: " << escape_for(Place::line, ref.why) << "\n";
  }
  call.out << "Ended " << counted(ended, "session")
           << (ended == 0 ? ".\n" : "; each halts when it finds out, at its next heartbeat.\n");
  return undone.empty();
}

}  // namespace

int command_pause(const Invocation& call) {
  const Settings settings = settings_of(call);
  const Pause pause = asked_pause(call);
  const auto store = store_of(call, settings);
  const bool made = change_pauses(*store, settings.name_space, [&](const Pauses& pauses) {
    return with_pause(pauses, pause, pause.since);
  });
  if (!made) {
    call.err << "refgate: there are " << most_pauses
             << " pauses already, and no more are kept; nothing was changed. See: refgate status\n";
    return exit_no;
  }
  call.out << escape_for(Place::line, describe(pause)) << "\n"
           << "Whoever asks is told to skip (--pause ask, input pause: ask). To lift it: "
           << escape_for(Place::line, how_to_resume(pause.subject)) << "\n"
           << std::flush;
  record(call, *store, settings.name_space,
         {pause_line(pause, EntryKind::pause, fresh_nonce(), pause.since)});
  if (!pause.halt) return exit_done;
  return halt(call, *store, settings, pause) ? exit_done : exit_store;
}

/// What its sessions did is forgotten; no pause is lifted.
int close_breaker(const Invocation& call, const Settings& settings) {
  const PauseSubject subject = subject_of(call);
  if (subject.kind != PauseKind::workflow)
    throw UsageError(
        "--breaker needs the workflow whose failures are to be forgotten, such as "
        "workflow:review.yml; nothing was changed");
  const auto store = store_of(call, settings);
  const Forgotten forgotten = forget_failures(*store, settings.name_space, subject.value);
  for (const UnreadableRef& each : forgotten.unreadable)
    call.err << "refgate: " << escape_for(Place::line, each.why) << "\n";
  if (forgotten.ledgers == 0) {
    call.out << "No breaker of " << escape_for(Place::line, name_of(subject))
             << " knows of any failure.\n";
    return exit_no;
  }
  call.out << "Forgotten: how the sessions of " << escape_for(Place::line, name_of(subject))
           << " ended; the next one is launched\n";
  Pause closed;
  closed.subject = subject;
  closed.since = now();
  closed.who = caller(call.environment);
  closed.reason = "its breaker was closed";
  record(call, *store, settings.name_space,
         {pause_line(closed, EntryKind::resume, fresh_nonce(), closed.since)});
  return exit_done;
}

int command_resume(const Invocation& call) {
  // Here it is no setting: that says when a gate's opens.
  auto options = call.options;
  const bool breaker = options.erase("breaker") > 0;
  const Settings settings = settings_of(
      {call.command, call.arguments, std::move(options), call.environment, call.out, call.err});
  if (breaker) return close_breaker(call, settings);
  std::optional<PauseSubject> subject;
  if (!said_subject(call).empty()) subject = subject_of(call);
  const auto store = store_of(call, settings);
  const Instant at = now();
  std::vector<Pause> lifted;
  change_pauses(*store, settings.name_space, [&](const Pauses& pauses) -> std::optional<Pauses> {
    Pauses next = without_pause(pauses, subject, at);
    lifted = pauses.list;
    std::erase_if(lifted, [&](const Pause& each) {
      return is_over(each, at) ||
             std::find(next.list.begin(), next.list.end(), each) != next.list.end();
    });
    if (next == pauses) return std::nullopt;
    return next;
  });
  if (lifted.empty()) {
    call.out << (subject ? escape_for(Place::line, name_of(*subject)) + " is not paused.\n"
                         : std::string("Nothing is paused.\n"));
    return exit_no;
  }
  const std::string nonce = fresh_nonce();
  std::vector<AuditEntry> lines;
  for (Pause& each : lifted) {
    call.out << "Resumed: " << escape_for(Place::line, name_of(each.subject)) << "; it was "
             << escape_for(Place::line, uncapitalised(describe(each))) << "\n";
    each.who = caller(call.environment);
    each.until.reset();
    lines.push_back(pause_line(each, EntryKind::resume, nonce, at));
  }
  record(call, *store, settings.name_space, lines);
  return exit_done;
}

}  // namespace refgate
