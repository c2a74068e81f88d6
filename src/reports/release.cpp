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

/// What a person names of what is not there any more.
struct Gone {
  const Invocation& call;
  const Claims& claims;
  const Named& named;

  std::ostream& tell() const {
    return call.err << "refgate: \"" << escape_for(Place::line, said_word(call.arguments[0]))
                    << "\" ";
  }
};

bool is_free(const Claim& claim) {
  return claim.outcome == ClaimOutcome::released || claim.outcome == ClaimOutcome::abandoned;
}

/// The claim of the run that a skip was for, else the one on which its work stands by now.
const Claim* held_for(const AuditEntry& skip, const Claims& claims) {
  const Claim* found = nullptr;
  for (const StoredClaim& stored : claims.claims) {
    if (stored.claim.holder.run_id == skip.holder_run_id) return &stored.claim;
    if (stored.ref == skip.scope && !stored.claim.holder.run_id.empty()) found = &stored.claim;
  }
  return found;
}

void tell_free(const Gone& gone) {
  gone.call.err << "refgate: it is free already: \""
                << escape_for(Place::line, said_word(gone.call.arguments[0]))
                << "\"; nothing was released. See: refgate status --all\n";
}

/// A run that was skipped has no session, and is told whose it was skipped for.
bool tell_skipped(const Gone& gone) {
  for (const AuditEntry* entry : gone.named.entries)
    if (entry->kind == EntryKind::skip && !entry->holder_run_id.empty()) {
      const Claim* claim = held_for(*entry, gone.claims);
      if (claim != nullptr && is_free(*claim)) {
        tell_free(gone);
        return true;
      }
      gone.tell() << "started no session: it was skipped for run "
                  << escape_for(Place::line, entry->holder_run_id);
      if (claim == nullptr) {
        gone.call.err << ", and nothing holds that work any more; nothing was released\n";
        return true;
      }
      gone.call.err << "; nothing was released. To free "
                    << (claim->holder.run_id == entry->holder_run_id ? "that one" : "its work")
                    << ": " << escape_for(Place::line, how_to_free(claim->holder.run_id)) << "\n";
      return true;
    }
  return false;
}

/// How a session came to its end, of those lines that are of its claim; empty: no line says so.
std::string end_of(const std::string& claim_id, const Record& record) {
  std::string end;
  for (const ReadEntry& read : record.entries) {
    const AuditEntry& entry = read.entry;
    if (entry.claim_id != claim_id) continue;
    if (entry.kind == EntryKind::end) end = "ended with " + entry.job_status;
    if (entry.kind == EntryKind::given_back) end = "executed nothing";
    if (entry.kind == EntryKind::release)
      end = entry.superseded_by.empty()
                ? "was released already"
                : "was ended by run " + entry.superseded_by + ", which has a newer head";
  }
  return end;
}

/// A session whose claim is another one's by now, or was forgotten.
bool tell_over(const Gone& gone, const Record& record) {
  const AuditEntry* launch = nullptr;
  for (const AuditEntry* entry : gone.named.entries)
    if (entry->kind == EntryKind::launch &&
        (launch == nullptr || launch->timestamp <= entry->timestamp))
      launch = entry;
  if (launch == nullptr) return false;
  const std::string end = escape_for(Place::line, end_of(launch->claim_id, record));
  const auto& claims = gone.claims.claims;
  const auto at = std::find_if(claims.begin(), claims.end(), [&](const StoredClaim& stored) {
    return stored.ref == launch->scope;
  });
  if (at == claims.end() || at->claim.holder.run_id.empty()) {
    gone.tell() << (end.empty() ? "is over" : end)
                << ", and nothing holds its work any more; nothing was released. See: refgate show "
                << escape_for(Place::line, launch->run_id) << "\n";
    return true;
  }
  const std::string run = escape_for(Place::line, at->claim.holder.run_id);
  gone.tell() << (end.empty() ? "was taken over by run " + run
                              : end + ", and its work was launched again by run " + run)
              << "; nothing was released. To free that one: "
              << escape_for(Place::line, how_to_free(at->claim.holder.run_id)) << "\n";
  return true;
}

/// Why there is nothing to free.
void tell_nothing_to_release(const Gone& gone, const Record& record) {
  const bool stands = !gone.named.claims.empty();
  if (stands)
    tell_free(gone);
  else if (!tell_skipped(gone) && !tell_over(gone, record))
    gone.call.err << "refgate: " << tell_unknown(gone.call.arguments[0])
                  << "; nothing was released. See: refgate status --all\n";
}

/// What lives comes first; what has ended suppresses its work, and can be freed of that.
std::vector<const StoredClaim*> to_release(const std::vector<const StoredClaim*>& named) {
  std::vector<const StoredClaim*> live;
  std::vector<const StoredClaim*> ended;
  for (const StoredClaim* stored : named) {
    if (is_free(stored->claim)) continue;
    (stored->claim.state == ClaimState::ended ? ended : live).push_back(stored);
  }
  return live.empty() ? ended : live;
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

  // A pull request does not say whose session it is that does its work: the record does.
  Named named = find_named(target, claims);
  std::vector<const StoredClaim*> matching = to_release(named.claims);
  Record record;
  if (named.candidates.empty() && (matching.empty() || named.by_number)) {
    record = read_record(*store, settings.name_space, claims,
                         with_what_came_before({now(), Instant::max()}, settings.policy.memory));
    named = find_named(target, claims, record.entries);
    matching = to_release(named.by_number ? with_holders(named, claims) : named.claims);
  }
  if (!named.candidates.empty()) {
    call.err << tell_candidates(said, named.candidates);
    return exit_usage;
  }
  if (matching.empty()) {
    for (const UnreadableRef& ref : claims.unreadable)
      if (ref.ref == said)
        throw StoreError(StoreFailure::unreadable, ref.ref + ": " + ref.why + "; it was left alone",
                         "delete it with git when nobody needs it");
    tell_nothing_to_release({call, claims, named}, record);
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
