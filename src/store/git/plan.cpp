#include "store/git/plan.h"

#include <set>
#include <stdexcept>

#include "store/git/git_runtime.h"

namespace refgate {

void require_ref_name(const std::string& ref) {
  int valid = 0;
  if (!ref.starts_with("refs/") || ref.find('\0') != std::string::npos ||
      git_reference_name_is_valid(&valid, ref.c_str()) < 0 || valid == 0) {
    throw std::invalid_argument("not a full ref name: " + clean_text(ref));
  }
}

void require_prefix(std::string_view prefix) {
  if (!prefix.starts_with("refs/") || !prefix.ends_with('/'))
    throw std::invalid_argument("not a ref prefix: " + clean_text(prefix));
}

std::vector<PlannedChange> plan_changes(std::span<const Change> changes) {
  std::vector<PlannedChange> planned;
  std::set<std::string_view> named;
  planned.reserve(changes.size());
  for (const auto& change : changes) {
    require_ref_name(change.ref);
    if (!named.insert(change.ref).second)
      throw std::invalid_argument("a ref is named twice in one swap: " + change.ref);
    PlannedChange plan;
    plan.ref = change.ref;
    plan.decisive = change.decisive;
    if (change.expected) {
      const auto id = parse_oid(change.expected->id);
      if (!id || git_oid_is_zero(&*id))
        throw std::invalid_argument("the value expected of " + change.ref + " is no object id");
      plan.expected = *id;
    } else if (!change.replacement) {
      throw std::invalid_argument("a deletion must name the value that it expects: " + change.ref);
    }
    if (change.replacement) {
      plan.objects = encode_snapshot(*change.replacement);
      plan.target = plan.objects->commit;
    }
    planned.push_back(std::move(plan));
  }
  return planned;
}

SwapOutcome swapped_outcome(const PlannedChange& change) {
  if (change.deletes()) return {SwapResult::swapped, std::nullopt, ""};
  return {SwapResult::swapped, Version{hex_of(change.target)}, ""};
}

SwapOutcome stale_outcome(const git_oid& seen) {
  if (git_oid_is_zero(&seen)) return {SwapResult::stale, std::nullopt, ""};
  return {SwapResult::stale, Version{hex_of(seen)}, ""};
}

SwapOutcome refused_outcome(std::string_view message) {
  return {SwapResult::refused, std::nullopt, clean_text(message)};
}

std::vector<std::optional<SwapOutcome>> judge_before_sending(
    std::span<const PlannedChange> changes,
    const std::function<git_oid(const std::string&)>& seen) {
  std::vector<std::optional<SwapOutcome>> outcomes;
  bool hold = false;
  for (const auto& change : changes) {
    const git_oid value = seen(change.ref);
    if (!change.deletes() && git_oid_equal(&value, &change.target)) {
      outcomes.emplace_back(swapped_outcome(change));
    } else if (git_oid_equal(&value, &change.expected)) {
      outcomes.emplace_back();
    } else {
      outcomes.emplace_back(stale_outcome(value));
      hold = hold || change.decisive;
    }
  }
  if (hold) hold_back(outcomes);
  return outcomes;
}

void hold_back(std::span<std::optional<SwapOutcome>> outcomes) {
  for (auto& outcome : outcomes) {
    if (!outcome) outcome = refused_outcome("not sent");
  }
}

std::vector<SwapOutcome> collect(std::vector<std::optional<SwapOutcome>>&& outcomes) {
  std::vector<SwapOutcome> all;
  all.reserve(outcomes.size());
  for (auto& outcome : outcomes)
    all.push_back(std::move(outcome.value()));
  return all;
}

}  // namespace refgate
