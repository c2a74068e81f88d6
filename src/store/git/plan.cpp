#include "store/git/plan.h"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "store/git/git_runtime.h"

namespace refgate {

namespace {

// What git, GitHub, GitLab, Gerrit and Bitbucket keep below "refs/".
constexpr std::array<std::string_view, 18> taken = {
    "heads",   "tags",   "remotes",  "notes",          "pull",      "replace",
    "stash",   "bisect", "worktree", "rewritten",      "original",  "prefetch",
    "changes", "meta",   "users",    "merge-requests", "pipelines", "environments"};

bool is_ref_name(const std::string& ref) {
  int valid = 0;
  return ref.starts_with("refs/") && ref.find('\0') == std::string::npos &&
         git_reference_name_is_valid(&valid, ref.c_str()) == 0 && valid != 0;
}

[[noreturn]] void refuse(const std::string& ref, const std::string& why, const std::string& hint) {
  throw StoreError(StoreFailure::denied,
                   "\"" + clean_text(ref) + "\" " + why + "; nothing was sent", hint);
}

constexpr auto whence =
    "the name may come from the job's own files, which its steps can rewrite; when the steps of a "
    "job differ in --namespace, give all of them the same";

}  // namespace

Fence::Fence(const std::string& name_space)
    : refs_("refs/" + name_space + "/"), notes_("refs/notes/" + name_space + "/") {
  const std::string_view first = std::string_view(name_space).substr(0, name_space.find('/'));
  if (std::ranges::find(taken, first) != taken.end() || !is_ref_name(refs_ + "x"))
    refuse(name_space, "cannot be the namespace of the state",
           "give --namespace a word that git does not use itself, such as \"refgate\"");
}

void Fence::require_inside(const std::string& ref) const {
  require_ref_name(ref);
  if (!ref.starts_with(refs_) && !ref.starts_with(notes_))
    refuse(ref, "is neither below " + refs_ + " nor below " + notes_ + " and is not touched",
           whence);
}

void require_ref_name(const std::string& ref) {
  if (!is_ref_name(ref)) refuse(ref, "is not the name of a ref", whence);
}

void require_prefix(std::string_view prefix) {
  if (!prefix.starts_with("refs/") || !prefix.ends_with('/'))
    throw std::invalid_argument("not a ref prefix: " + clean_text(prefix));
}

std::vector<PlannedChange> plan_changes(const Fence& fence, std::span<const Change> changes) {
  std::vector<PlannedChange> planned;
  std::set<std::string_view> named;
  planned.reserve(changes.size());
  for (const auto& change : changes) {
    fence.require_inside(change.ref);
    if (!named.insert(change.ref).second)
      throw std::invalid_argument("a ref is named twice in one swap: " + change.ref);
    PlannedChange plan;
    plan.ref = change.ref;
    plan.decisive = change.decisive;
    if (change.expected) {
      const auto id = parse_oid(change.expected->id);
      if (!id || git_oid_is_zero(&*id))
        refuse(change.expected->id, "is expected of " + change.ref + " and is no object id",
               "the value may come from the job's own files, which its steps can rewrite");
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

SwapOutcome refused_for_good(std::string_view message) {
  SwapOutcome outcome = refused_outcome(message);
  outcome.for_good = true;
  return outcome;
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
