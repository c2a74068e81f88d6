#include "core/figures/launches.h"

#include "core/decision/decision.h"

namespace refgate {

RunAttempt run_attempt_of(const AuditEntry& entry) { return {entry.run_id, entry.run_attempt}; }

WorkKey work_of(const AuditEntry& entry) {
  const bool of_code =
      entry.event_type == "push" || are_push_and_pull_request("push", entry.event_type);
  return {entry.workflow, entry.commit_sha, of_code ? std::string_view("push") : entry.event_type};
}

Launches::Launches(std::span<const ReadEntry> entries) {
  for (const ReadEntry& read : entries)
    if (read.entry.kind == EntryKind::given_back)
      given_back_.insert({read.entry.claim_id, read.entry.generation});
  std::set<RunAttempt> launched;
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    if (entry.kind == EntryKind::skip && !entry.observed && !entry.run_id.empty())
      skipped_.insert(run_attempt_of(entry));
    if (entry.kind != EntryKind::launch || is_given_back(entry)) continue;
    by_gate_.push_back(&entry);
    if (!entry.run_id.empty()) launched.insert(run_attempt_of(entry));
  }
  std::set<std::pair<RunAttempt, WorkKey>> known;
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    if (entry.kind != EntryKind::audit || !entry.executed) continue;
    const RunAttempt run = run_attempt_of(entry);
    if (launched.contains(run)) continue;
    // Without a run id nothing tells two lines of one launch from two launches.
    if (!entry.run_id.empty() && !known.insert({run, work_of(entry)}).second) continue;
    by_hand_.push_back(&entry);
    told_.insert(&entry);
  }
}

}  // namespace refgate
