#include "core/claim/transition.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/claim/claim_line.h"

namespace refgate {

Claim end_claim(const Claim& claim, ClaimOutcome outcome, std::string_view job_status,
                Instant now) {
  Claim next = claim;
  next.state = ClaimState::ended;
  next.outcome = outcome;
  next.former.clear();
  next.ended_at = now;
  AuditEntry line = line_of(claim, EntryKind::end, now);
  line.job_status = shortened(job_status, bounds::word);
  line.duration = std::max(Duration::zero(), now - claim.claimed_at);
  next.outbox.push_back(std::move(line));
  return next;
}

Claim with_cost(Claim ended, const Spent& spent) {
  ended.spent = ended.outbox.back().spent = spent;
  return ended;
}

namespace {

AuditEntry given_back_line(const Claim& claim, std::string_view why, Instant now) {
  AuditEntry line = line_of(claim, EntryKind::given_back, now);
  line.job_status = "given_back";
  line.reason = shortened(why, bounds::reason);
  line.launch = entry_id(claim.claim_id, claim.generation, EntryKind::launch);
  return line;
}

/// The scope as it was before `claim`, with `outbox`.
Claim scope_before(const Claim& claim, std::vector<AuditEntry> outbox, std::string_view why,
                   Instant now) {
  if (auto former = decode_claim(claim.former); std::holds_alternative<Claim>(former)) {
    Claim back = std::get<Claim>(std::move(former));
    back.generation = claim.generation;
    back.outbox = std::move(outbox);
    back.sent = claim.sent;
    back.left_out = claim.left_out;
    return back;
  }
  Claim next = claim;
  next.state = ClaimState::ended;
  next.outcome = ClaimOutcome::abandoned;
  next.ended_at = now;
  next.note = shortened(why, bounds::note);
  next.former.clear();
  next.ledgers.clear();
  next.reserve = {};
  if (next.attempts > 0) --next.attempts;
  next.outbox = std::move(outbox);
  return next;
}

}  // namespace

Claim abandon_claim(const Claim& claim, std::string_view why, Instant now) {
  std::vector<AuditEntry> outbox = claim.outbox;
  const auto gone = std::erase_if(outbox, [&](const AuditEntry& line) {
    return line.claim_id == claim.claim_id && line.generation == claim.generation &&
           line.kind == EntryKind::launch;
  });
  // Renewals and gc publish what the outbox holds.
  const bool launched = claim.state == ClaimState::active || claim.state == ClaimState::held;
  if (launched && (gone == 0 || claim.renewed_at != claim.claimed_at))
    outbox.push_back(given_back_line(claim, why, now));
  return scope_before(claim, std::move(outbox), why, now);
}

Claim give_back_claim(const Claim& claim, std::string_view why, Instant now) {
  std::vector<AuditEntry> outbox = claim.outbox;
  outbox.push_back(given_back_line(claim, why, now));
  return scope_before(claim, std::move(outbox), why, now);
}

Claim release_claim(const Claim& claim, std::string_view who, std::string_view why, Instant now) {
  Claim next = claim;
  next.state = ClaimState::ended;
  next.outcome = ClaimOutcome::released;
  next.ended_at = now;
  next.note =
      shortened((who.empty() ? "" : std::string(who) + ": ") + std::string(why), bounds::note);
  next.former.clear();
  next.until.reset();
  next.attempts = 0;
  AuditEntry line = line_of(claim, EntryKind::release, now);
  line.id = entry_id(claim.claim_id, claim.generation, EntryKind::release, format_rfc3339(now));
  line.job_status = "released";
  line.actor = shortened(who, bounds::word);
  line.reason = shortened(why, bounds::reason);
  next.outbox.push_back(std::move(line));
  return next;
}

Claim supersede_claim(const Claim& claim, std::string_view newer_run, Instant now) {
  Claim next = claim;
  next.state = ClaimState::ended;
  next.outcome = ClaimOutcome::cancelled;
  next.ended_at = now;
  next.superseded_by = shortened(newer_run, bounds::word);
  next.note = shortened("superseded by run " + next.superseded_by, bounds::note);
  next.former.clear();
  // Who only waited has not launched.
  if (claim.state == ClaimState::waiting && next.attempts > 0) --next.attempts;
  AuditEntry line = line_of(claim, EntryKind::release, now);
  line.id = entry_id(claim.claim_id, claim.generation, EntryKind::release, "superseded");
  line.job_status = superseded_status;
  line.superseded_by = next.superseded_by;
  line.reason = "A newer head of its branch came";
  next.outbox.push_back(std::move(line));
  return next;
}

Claim lose_claim(const Claim& claim, Instant now) {
  if (claim.state == ClaimState::waiting)
    return abandon_claim(claim, "nothing was heard of its waiting gate", now);
  Claim next = claim;
  next.state = ClaimState::ended;
  next.outcome = ClaimOutcome::lost;
  next.former.clear();
  next.ended_at = now;
  next.outbox.push_back(lost_line(claim, now));
  return next;
}

std::string_view outcome_for_others(const Claim& claim) {
  if (claim.state != ClaimState::ended) return {};
  switch (claim.outcome) {
    case ClaimOutcome::success:
    case ClaimOutcome::failure:
    case ClaimOutcome::limited:
      return name_of(claim.outcome);
    case ClaimOutcome::cancelled:
    case ClaimOutcome::lost:
    case ClaimOutcome::released:
      return name_of(ClaimOutcome::cancelled);
    case ClaimOutcome::none:
    case ClaimOutcome::abandoned:
      break;
  }
  return {};
}

bool is_own_failure(const Claim& claim, const Holder& caller) {
  const std::string_view outcome = outcome_for_others(claim);
  if (caller.run_id.empty() || outcome.empty() || outcome == name_of(ClaimOutcome::success))
    return false;
  // That another run has failed at it since makes its own failure no success.
  return claim.holder.run_id == caller.run_id ||
         std::ranges::find(claim.failed_runs, caller.run_id) != claim.failed_runs.end();
}

AuditEntry lost_line(const Claim& claim, Instant now) {
  AuditEntry line = line_of(claim, EntryKind::lost, now);
  line.job_status = "lost";
  line.duration = std::max(Duration::zero(), now - claim.claimed_at);
  return line;
}

}  // namespace refgate
