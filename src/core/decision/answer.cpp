#include "core/decision/answer.h"

#include <algorithm>
#include <limits>

#include "core/claim/claim_line.h"
#include "core/claim/transition.h"
#include "core/words/shorten.h"

namespace refgate {
namespace {

/// A decision's line, about the claim that is `request`'s or would have been.
AuditEntry line_of(const Request& request, std::uint64_t generation, EntryKind kind,
                   const Decision& decision, Instant now) {
  AuditEntry line = line_of(request, request.nonce, generation, kind, now);
  line.scope = request.scope;
  line.covers = covers_in_line(request.covers);
  line.reason_code = name_of(decision.code);
  line.reason = shortened(decision.reason, bounds::reason);
  return line;
}

Claim claim_of(const Request& request, const Policy& policy, Instant now) {
  Claim claim;
  claim.claim_id = request.nonce;
  claim.state = request.queue  ? ClaimState::waiting
                : request.hold ? ClaimState::held
                               : ClaimState::active;
  claim.group = shortened(request.group, bounds::address);
  claim.slots = request.slots;
  claim.ledgers = request.ledgers;
  claim.reserve = request.reserve;
  claim.breaker = request.breaker;
  claim.window_only = request.window_only;
  claim.holder = bounded(request.holder);
  claim.covers = request.covers;
  claim.ambiguous = request.met.has_value();
  claim.session_key = shortened(request.session_key, bounds::name);
  claim.workflow = shortened(request.workflow, bounds::name);
  claim.workflow_file = shortened(request.workflow_file, bounds::word);
  claim.event = shortened(request.event, bounds::word);
  claim.commit = shortened(request.commit, bounds::word);
  claim.claimed_at = claim.renewed_at = now;
  claim.limits = {request.window_only ? policy.session_window : policy.lease, policy.skew,
                  policy.memory, policy.pr_lock_window};
  claim.lease_until = now + claim.limits.lease;
  if (request.event == "push" || are_push_and_pull_request("push", request.event))
    claim.pr_locked_until = now + policy.pr_lock_window;
  return claim;
}

AuditEntry launch_line(const Request& request, const Claim& claim, const Decision& decision,
                       Instant now) {
  AuditEntry line = line_of(request, claim.generation, EntryKind::launch, decision, now);
  line.memory = claim.limits.memory;
  line.asked_pause = request.asks_pause;
  line.job_status = "started";
  return line;
}

/// What the scope remembers, for a launch that is given up again.
std::string former_of(const Claim& state) {
  if (state.state == ClaimState::waiting) return state.former;
  if (state.state != ClaimState::ended || state.outcome == ClaimOutcome::abandoned) return {};
  Claim bare = state;
  bare.outbox.clear();
  bare.sent.clear();
  bare.former.clear();
  bare.displaced.reset();
  std::string text = encode_claim(bare);
  if (json_length(text) <= bounds::former) return text;
  bare.failed_runs.clear();
  // It stands inside of another record, where each quotation mark takes four bytes.
  constexpr std::size_t word = 128;
  for (std::string* name : {&bare.session_key, &bare.workflow, &bare.workflow_file, &bare.event,
                            &bare.commit, &bare.note, &bare.holder.run_id, &bare.holder.job,
                            &bare.holder.job_index, &bare.holder.run_url, &bare.holder.actor})
    *name = shortened(*name, word);
  return encode_claim(bare);
}

/// Who holds a claim, or was ended by others, has said nothing yet of what it cost.
std::optional<Displaced> displaced_by(const Claim& state) {
  const bool launched =
      state.state != ClaimState::waiting && state.outcome != ClaimOutcome::abandoned;
  if (!launched) return state.displaced;
  const bool told =
      state.outcome == ClaimOutcome::success || state.outcome == ClaimOutcome::failure;
  if (told || !state.reserve.is_said() || state.spent.is_said()) return std::nullopt;
  return Displaced{state.claim_id, state.holder, state.ledgers, state.generation, state.claimed_at};
}

/// Whose session did not do the work, before one that follows `state`.
std::vector<std::string> failed_before(const Claim& state) {
  if (state.outcome == ClaimOutcome::success) return {};
  std::vector<std::string> runs = state.failed_runs;
  const bool launched =
      state.state != ClaimState::waiting && state.outcome != ClaimOutcome::abandoned;
  if (!launched || state.holder.run_id.empty()) return runs;
  std::erase(runs, state.holder.run_id);
  if (runs.size() >= most_failed_runs) runs.erase(runs.begin());
  runs.push_back(state.holder.run_id);
  return runs;
}

/// Counters in a stored record are anybody's numbers: at their end they stay.
template <typename Number>
Number one_more(Number count) {
  return count == std::numeric_limits<Number>::max() ? count : count + 1;
}

std::string with_aside(std::string reason, const Request& request) {
  return request.aside.empty() ? reason : reason + ". " + request.aside;
}

}  // namespace

const std::string override_hint = ". To run all the same: --force (input force: true)";

Holder bounded(const Holder& holder) {
  return {shortened(holder.run_id, bounds::word),     holder.run_attempt,
          shortened(holder.job, bounds::word),        shortened(holder.job_index, bounds::word),
          shortened(holder.run_url, bounds::address), shortened(holder.actor, bounds::word),
          shortened(holder.instance, bounds::word)};
}

Decision run(const Picture& picture, ReasonCode code, std::string reason) {
  const auto& [state, request, policy, now, around] = picture;
  reason = with_aside(std::move(reason), request);
  Decision decision{Verdict::run, code, std::move(reason), claim_of(request, policy, now),
                    std::nullopt};
  Claim& next = *decision.next;
  if (state) {
    next.generation = one_more(state->generation);
    next.former = former_of(*state);
    next.displaced = displaced_by(*state);
    next.failed_runs = failed_before(*state);
    // Who only waited has not launched.
    if (code != ReasonCode::first || state->outcome == ClaimOutcome::abandoned)
      next.attempts =
          state->state == ClaimState::waiting ? state->attempts : one_more(state->attempts);
    next.outbox = state->outbox;
    next.sent = state->sent;
    next.left_out = state->left_out;
    if (state->state != ClaimState::ended && state->state != ClaimState::waiting)
      next.outbox.push_back(lost_line(*state, now));
  }
  if (next.state != ClaimState::waiting)
    next.outbox.push_back(launch_line(request, next, decision, now));
  return decision;
}

Decision skip(const Picture& picture, ReasonCode code, std::string reason) {
  const Claim& state = *picture.state;
  const Request& request = picture.request;
  for (const std::string& word : request.joined_by)
    reason += (&word == &request.joined_by.front() ? ". One piece of work by " : " and ") + word;
  if (!request.named.empty() && (state.state == ClaimState::ended || !shows(request, state)))
    reason += ". No live session of this work has the id that claim-id names";
  Decision decision{Verdict::skip, code, with_aside(std::move(reason), request), std::nullopt,
                    std::nullopt};
  AuditEntry line = line_of(request, state.generation, EntryKind::skip, decision, picture.now);
  line.job_status = "skipped";
  line.holder_run_id = shortened(state.holder.run_id, bounds::word);
  line.holder_claim_id = shortened(state.claim_id, bounds::word);
  decision.line = std::move(line);
  return decision;
}

Decision skip_until(Instant until, Decision decision) {
  decision.until = in_whole_seconds(until);
  if (decision.line) decision.line->until = decision.until;
  return decision;
}

Decision skip_for(const Request& request, Instant now, ReasonCode code, std::string reason) {
  Decision decision{Verdict::skip, code, with_aside(std::move(reason), request), std::nullopt,
                    std::nullopt};
  AuditEntry line = line_of(request, 0, EntryKind::skip, decision, now);
  line.job_status = "skipped";
  decision.line = std::move(line);
  return decision;
}

Claim start_claim(const Claim& claim, const Request& request, const Decision& decision,
                  Instant now) {
  Claim next = claim;
  next.state = ClaimState::active;
  next.renewed_at = now;
  next.lease_until = now + claim.limits.lease;
  next.outbox.push_back(launch_line(request, claim, decision, now));
  return next;
}

}  // namespace refgate
