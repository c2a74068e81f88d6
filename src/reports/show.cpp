// show: one session or commit as a story. Who asked, who won, who was skipped and why, what came of
// it.

#include <ostream>
#include <set>

#include "call/commands.h"
#include "call/json_output.h"
#include "core/decision/decision.h"
#include "core/figures/statistics.h"
#include "core/figures/verification.h"
#include "core/text/count.h"
#include "core/text/json.h"
#include "runner/runner.h"
#include "state/record.h"
#include "view/claim_view.h"
#include "view/screen.h"
#include "view/target.h"

namespace refgate {
namespace {

using nlohmann::json;

std::string who(const AuditEntry& entry) {
  std::string text = entry.run_id.empty() ? "somebody" : "run " + entry.run_id;
  std::string inner = entry.event_type;
  if (!entry.actor.empty()) inner += " by " + entry.actor;
  if (entry.run_attempt > 1) inner += ", attempt " + std::to_string(entry.run_attempt);
  if (!entry.job.empty()) inner += ", job " + entry.job;
  return text + " (" + inner + ")";
}

/// The line as a sentence.
std::string told(const AuditEntry& entry) {
  const std::string code = entry.reason_code.empty() ? "" : " [" + entry.reason_code + "]";
  const std::string reason = entry.reason.empty() ? "" : ": " + entry.reason;
  switch (entry.kind) {
    case EntryKind::launch:
      return who(entry) + " asked and was told to run, as generation " +
             std::to_string(entry.generation) + code + reason;
    case EntryKind::skip:
      return who(entry) +
             (entry.observed ? " asked, and ran since it was only observed; enforcing would say"
                             : " asked and was told to skip") +
             code + reason;
    case EntryKind::end:
      return who(entry) + " ended its session: " + entry.job_status +
             (entry.until ? " until " + format_rfc3339(*entry.until) : "") +
             (entry.duration ? " after " + format_duration(*entry.duration) : "") +
             (entry.spent.is_said() ? ", for " + describe_spent(entry.spent) : "");
    case EntryKind::lost:
      return who(entry) + " was found gone" +
             (entry.duration ? ", " + format_duration(*entry.duration) + " after it had started"
                             : "");
    case EntryKind::release:
      if (entry.job_status == superseded_status)
        return "run " + entry.superseded_by +
               " brought a newer head, and ended the session of run " + entry.run_id;
      return (entry.actor.empty() ? "somebody" : entry.actor) + " freed the session of run " +
             entry.run_id + reason;
    case EntryKind::given_back:
      return who(entry) + " gave its launch back: nothing was executed" + reason;
    case EntryKind::pause:
      return (entry.actor.empty() ? "somebody" : entry.actor) + " paused " + entry.session_key +
             (entry.until ? " until " + format_rfc3339(*entry.until) : "") + reason;
    case EntryKind::resume:
      return (entry.actor.empty() ? "somebody" : entry.actor) + " resumed " + entry.session_key +
             reason;
    case EntryKind::remade:
      return (entry.actor.empty() ? std::string("somebody") : entry.actor) + " took run " +
             entry.run_id + " up again" + reason;
    case EntryKind::audit:
      break;
  }
  return who(entry) + " recorded by hand: " + (entry.executed ? "executed" : "not executed") +
         ", " + entry.job_status + reason;
}

void tell_claim(const Invocation& call, const StoredClaim& stored, Instant at) {
  std::ostream& out = call.out;
  const auto line = [&](const std::string& text) { out << escape_for(Place::line, text) << "\n"; };
  const Claim& claim = stored.claim;
  const std::string state = state_text(claim, at);
  out << escape_for(Place::line, claim.session_key) << ": "
      << painted(screen_of(call), state, state) << ", generation " << claim.generation << "\n";
  line("  held by " + describe_holder(claim, at));
  line("  ref " + stored.ref);
  line("  claim " + claim.claim_id);
  if (claim.ended_at)
    line("  ended " + format_rfc3339(*claim.ended_at) +
         (claim.note.empty() ? "" : ": " + claim.note));
  else
    line("  lease until " + format_rfc3339(claim.lease_until) + ", others may take over from " +
         format_rfc3339(claim.lease_until + claim.limits.skew));
}

void tell_outcome(std::ostream& out, const std::vector<ReadEntry>& story, Instant at,
                  Duration skew) {
  const Statistics statistics = count_record(story, {}, at, skew);
  const Counts& counts = statistics.total;
  std::string closed;
  for (const auto& [word, count] : counts.closed)
    closed += (closed.empty() ? " (" : ", ") + std::to_string(count) + " " + word;
  out << "What came of it: " << counted(counts.sessions, "session") << " ran"
      << (closed.empty() ? "" : closed + ")") << ", " << counts.prevented
      << (counts.prevented == 1 ? " was saved" : " were saved");
  if (counts.observed > 0) out << ", " << counts.observed << " more ran, and were only observed";
  if (counts.held_back > 0)
    out << ", " << counts.held_back << (counts.held_back == 1 ? " was" : " were")
        << " held back without anybody doing the work";
  if (statistics.duplicates_allowed > 0)
    out << ", and " << statistics.duplicates_allowed
        << " of those that ran should not have (refgate verify)";
  out << ".\n";
}

/// An end says whose it is, not of which scope: the launch of the same claim does.
std::vector<ReadEntry> story_of(const Named& named, const std::vector<const StoredClaim*>& found,
                                const Record& record) {
  std::set<std::string_view> refs;
  std::set<std::string_view> told_claims;
  for (const StoredClaim* stored : found) {
    refs.insert(stored->ref);
    told_claims.insert(stored->claim.claim_id);
  }
  for (const ReadEntry& read : record.entries)
    if (!read.entry.claim_id.empty() &&
        (refs.contains(read.entry.scope) || named.entries.contains(&read.entry)))
      told_claims.insert(read.entry.claim_id);
  std::vector<ReadEntry> story;
  for (const ReadEntry& read : record.entries)
    if (told_claims.contains(read.entry.claim_id) || named.entries.contains(&read.entry))
      story.push_back(read);
  return story;
}

}  // namespace

int command_show(const Invocation& call) {
  const Settings settings = settings_of(call);
  const std::string& said = call.arguments[0];
  const Target target = target_of(said);
  const auto store = store_of(call, settings);
  store->foresee(claims_and_record(settings.name_space));
  const Claims claims = read_claims(*store, settings.name_space);
  const Record record = read_record(*store, settings.name_space, claims);
  const Instant at = now();
  name_unreadable(call, claims.unreadable);

  const Named named = find_named(target, claims, record.entries);
  if (named.empty()) {
    call.err << "refgate: " << tell_unknown(said) << "\n";
    return exit_no;
  }
  if (!named.candidates.empty()) {
    call.err << tell_candidates(said, named.candidates);
    return exit_usage;
  }
  const std::vector<const StoredClaim*> found = with_holders(named, claims);
  Claims told_of;
  for (const StoredClaim* stored : found)
    told_of.claims.push_back(*stored);
  name_left_out(call, told_of);
  const std::vector<ReadEntry> story = story_of(named, found, record);
  if (call.flag("json")) {
    json value = {{"claims", json::array()}, {"entries", json::array()}};
    for (const StoredClaim* stored : found)
      value["claims"].push_back(json::parse(claim_json(*stored, at)));
    for (const ReadEntry& read : story)
      value["entries"].push_back(json::parse(encode_entry(read.entry)));
    print_json(call.out, std::move(value));
    return exit_done;
  }
  for (const StoredClaim* stored : found)
    tell_claim(call, *stored, at);
  if (!found.empty()) call.out << "\n";
  std::string key;
  for (const ReadEntry& read : story) {
    if (read.entry.session_key != key) {
      key = read.entry.session_key;
      call.out << escape_for(Place::line, key) << "\n";
    }
    call.out << "  " << format_rfc3339(read.entry.timestamp) << "  "
             << escape_for(Place::line, told(read.entry)) << "\n";
  }
  tell_outcome(call.out, story, at, settings.policy.skew);
  return exit_done;
}

}  // namespace refgate
