#include <algorithm>
#include <ostream>

#include "call/commands.h"
#include "core/claim/transition.h"
#include "core/governing/pool.h"
#include "core/record/audit.h"
#include "core/words/age.h"
#include "core/words/shorten.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/queues.h"
#include "state/record.h"
#include "view/reading_options.h"
#include "view/target.h"

namespace refgate {
namespace {

/// Why there is nothing to free; a run that was skipped has no session, and is told whose it was
/// skipped for.
void tell_nothing_to_release(const Invocation& call, Store& store, const Settings& settings,
                             const Claims& claims, const Named& named) {
  const std::string& said = call.arguments[0];
  if (!named.claims.empty()) {
    call.err << "refgate: it is free already: \"" << escape_for(Place::line, said_word(said))
             << "\"; nothing was released. See: refgate status --all\n";
    return;
  }
  const Period memory = with_what_came_before({now(), Instant::max()}, settings.policy.memory);
  const Record record = read_record(store, settings.name_space, claims, memory);
  for (const AuditEntry* entry : find_named(target_of(said), claims, record.entries).entries)
    if (entry->kind == EntryKind::skip && !entry->holder_run_id.empty()) {
      const std::string holder = escape_for(Place::line, entry->holder_run_id);
      call.err << "refgate: \"" << escape_for(Place::line, said_word(said))
               << "\" started no session: it was skipped for run " << holder
               << "; nothing was released. To free that one: refgate release " << holder
               << " --reason why\n";
      return;
    }
  call.err << "refgate: " << tell_unknown(said)
           << "; nothing was released. See: refgate status --all\n";
}

std::string who_releases(const Invocation& call) {
  const std::string actor = call.environment.get("GITHUB_ACTOR");
  return actor.empty() ? call.environment.get("USER") : actor;
}

/// No session's line: who counts what was prevented passes over it.
AuditEntry opened_line(const Invocation& call, const std::string& ref) {
  AuditEntry line;
  line.session_key = "slots:" + pool_named(ref);
  line.scope = ref;
  line.timestamp = now();
  line.kind = EntryKind::resume;
  line.id = entry_id(fresh_nonce(), 0, EntryKind::resume, ref);
  line.executed = true;
  line.job_status = "opened";
  line.actor = shortened(who_releases(call), bounds::word);
  line.reason = shortened(call.option("reason"), bounds::reason);
  return line;
}

/// A pool of slots that a provider's limit has closed takes sessions again.
int release_pool(const Invocation& call, const Settings& settings, Store& store,
                 const std::string& ref) {
  if (!open_pool(store, ref)) {
    call.err << "refgate: the pool " << pool_named(ref)
             << " is not closed; nothing was released. Its slots: refgate status --queues\n";
    return exit_no;
  }
  call.out << "Released: the pool of slots " << pool_named(ref)
           << ", which takes sessions again. Work that ended as limited in it is released by its "
              "run.\n";
  const SwapOutcome outcome =
      push_once(store, note_change(opened_line(call, ref), settings.name_space));
  if (outcome.result == SwapResult::refused)
    call.err << "refgate: it is done, and not in the record: "
             << escape_for(Place::line, outcome.message) << "\n";
  return exit_done;
}

}  // namespace

int command_release(const Invocation& call) {
  const Settings settings = settings_of(call);
  const std::string& said = call.arguments[0];
  const Target target = target_of(said);
  const std::string why = call.option("reason");
  if (why.empty())
    throw UsageError(
        "--reason is missing: the record keeps why a session was freed by hand; nothing was "
        "released");
  const auto store = store_of(call, settings);
  if (is_slots_ref(said, settings.name_space)) return release_pool(call, settings, *store, said);
  const Claims claims = read_claims(*store, settings.name_space);

  const Named named = find_named(target, claims);
  if (!named.candidates.empty()) {
    call.err << tell_candidates(said, named.candidates);
    return exit_usage;
  }
  std::vector<const StoredClaim*> matching;
  std::vector<const StoredClaim*> ended;
  for (const StoredClaim* stored : named.claims) {
    const ClaimOutcome outcome = stored->claim.outcome;
    if (outcome == ClaimOutcome::released || outcome == ClaimOutcome::abandoned) continue;
    (stored->claim.state == ClaimState::ended ? ended : matching).push_back(stored);
  }
  // What lives comes first; what has ended suppresses its work, and can be freed of that.
  if (matching.empty()) matching = std::move(ended);
  if (matching.empty()) {
    for (const UnreadableRef& ref : claims.unreadable)
      if (ref.ref == said)
        throw StoreError(StoreFailure::unreadable, ref.ref + ": " + ref.why + "; it was left alone",
                         "delete it with git when nobody needs it");
    tell_nothing_to_release(call, *store, settings, claims, named);
    return exit_no;
  }
  if (matching.size() > 1) {
    call.err << "refgate: \"" << escape_for(Place::line, said_word(said)) << "\" names "
             << matching.size() << " sessions; nothing was released. Name one by its claim id:\n";
    for (const StoredClaim* stored : matching)
      call.err << "  " << escape_for(Place::line, stored->claim.claim_id) << "  "
               << escape_for(Place::line, stored->claim.session_key) << ", "
               << escape_for(Place::line, describe_holder(stored->claim, now())) << "\n";
    return exit_usage;
  }
  const StoredClaim& stored = *matching.front();
  const std::string who = who_releases(call);
  const bool had_ended = stored.claim.state == ClaimState::ended;
  const Ended released = update_claim(
      *store,
      {stored.ref, stored.claim.claim_id, settings.name_space, {stored.claim, stored.version}},
      [&](const Claim& claim) { return release_claim(claim, who, why, now()); },
      Publish::what_stood);
  if (released.result != Ended::Result::ended) {
    call.err << "refgate: the session changed hands or ended meanwhile; nothing was released\n";
    return exit_no;
  }
  const Instant at = now();
  call.out << "Released: " << escape_for(Place::line, stored.claim.session_key)
           << (had_ended ? ", done by " : ", held by ")
           << escape_for(Place::line, describe_holder(stored.claim, at));
  if (had_ended)
    call.out << ", which ended with " << name_of(stored.claim.outcome)
             << ". The next caller does the work again, a re-run too.\n";
  else
    call.out << ". It was last heard of " << age(stored.claim.renewed_at, at)
             << ", and halts when it finds out, at its next heartbeat. The next caller takes "
                "over.\n";
  return exit_done;
}

}  // namespace refgate
