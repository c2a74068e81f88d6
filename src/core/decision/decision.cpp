#include "core/decision/decision.h"

#include <algorithm>

#include "core/claim/transition.h"
#include "core/decision/answer.h"
#include "core/decision/rule.h"
#include "core/text/shell_word.h"
#include "core/words/age.h"

namespace refgate {
namespace {

bool is_pull_request(std::string_view event) {
  return event == "pull_request" || event == "pull_request_target";
}

bool has_note_of(const Request& request, const Claim& claim) {
  return std::find(request.presented.begin(), request.presented.end(), claim.claim_id) !=
         request.presented.end();
}

}  // namespace

bool are_push_and_pull_request(std::string_view one, std::string_view other) {
  return (one == "push" && is_pull_request(other)) || (is_pull_request(one) && other == "push");
}

bool is_of_this_job(const Claim& claim, const Request& request) {
  const Holder& theirs = claim.holder;
  const Holder own = bounded(request.holder);
  return theirs.run_id == own.run_id && theirs.run_attempt == own.run_attempt &&
         theirs.job == own.job && theirs.job_index == own.job_index &&
         (theirs.instance.empty() || own.instance.empty() || theirs.instance == own.instance);
}

bool shows(const Request& request, const Claim& claim) {
  if (!request.named.empty() && claim.claim_id == request.named) return true;
  return has_note_of(request, claim) && (!request.in_run || is_of_this_job(claim, request));
}

std::optional<std::string> disowned(const Request& request, const std::optional<Claim>& claim,
                                    Instant now) {
  if (!claim || claim->state == ClaimState::ended || !has_note_of(request, *claim) ||
      shows(request, *claim))
    return std::nullopt;
  return "the job's note names the claim of " + describe_holder(*claim, now) +
         ", which is not this job's; it is left alone";
}

bool is_of_another_job(const Claim& claim, const Request& request) {
  const Holder& theirs = claim.holder;
  const Holder& own = request.holder;
  if (!request.tells_jobs || claim.window_only || own.run_id.empty()) return false;
  if (theirs.run_id != own.run_id || theirs.run_attempt != own.run_attempt) return false;
  if (shows(request, claim)) return false;
  return theirs.instance.empty() || own.instance.empty() || theirs.instance != own.instance;
}

bool is_lost(const Claim& claim, Instant now) {
  return claim.state != ClaimState::ended && now >= claim.lease_until + claim.limits.skew;
}

std::string how_to_free(std::string_view target) {
  return "refgate release " + shell_word(target) + " --reason '…'";
}

std::string describe_holder(const Claim& claim, Instant now) {
  std::string text =
      claim.holder.run_id.empty() ? "a caller without a run id" : "run " + claim.holder.run_id;
  std::string inner;
  const auto add = [&](const std::string& part) { inner += (inner.empty() ? "" : ", ") + part; };
  if (claim.holder.run_attempt > 1) add("attempt " + std::to_string(claim.holder.run_attempt));
  if (!claim.holder.job.empty())
    add("job " + claim.holder.job +
        (claim.holder.job_index.empty() ? "" : " #" + claim.holder.job_index));
  add(claim.event + (claim.holder.actor.empty() ? "" : " by " + claim.holder.actor));
  text += " (" + inner + "), since " + format_second(claim.claimed_at) + " (" +
          age(claim.claimed_at, now) + ")";
  if (!claim.holder.run_url.empty()) text += ", " + claim.holder.run_url;
  return text;
}

std::optional<Decision> first_answer(std::span<const Rule> rules, const Picture& picture) {
  for (const Rule& rule : rules)
    if (auto answer = rule.decide(picture)) {
      answer->rule = rule.name;
      return answer;
    }
  return std::nullopt;
}

Decision decide(const std::optional<Claim>& state, const Request& request, const Policy& policy,
                Instant now, const Surroundings& around) {
  const Picture picture{state, request, policy, now, around};
  Decision decision = *first_answer(claim_rules(), picture);
  const bool launches = decision.verdict == Verdict::run && decision.code != ReasonCode::forced &&
                        decision.code != ReasonCode::own;
  if (!launches) return decision;
  // Who only waited has launched nothing: what was there before it is what counts.
  const bool waited = state && state->state == ClaimState::waiting;
  const std::optional<Claim> before =
      waited ? std::optional(abandon_claim(*state, "it only waited", now)) : std::nullopt;
  if (auto held_back =
          first_answer(brakes(), {waited ? before : state, request, policy, now, around}))
    return std::move(*held_back);
  return decision;
}

}  // namespace refgate
