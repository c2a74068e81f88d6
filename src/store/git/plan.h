#pragma once
// A swap before it meets a store: what is to become of each ref, and what can be said from the
// values that were seen.

#include <git2.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/git/objects.h"
#include "store/store.h"

namespace refgate {

struct PlannedChange {
  std::string ref;
  git_oid expected{};  ///< zero: must not exist
  git_oid target{};    ///< zero: delete
  std::optional<EncodedSnapshot> objects;
  bool decisive = false;

  bool deletes() const { return git_oid_is_zero(&target) != 0; }
};

/// Which refs a store may change.
///
/// The callers take names and values from records and from the job's own files, and any code in the
/// job can rewrite those. So the store does not ask where a name comes from: below the namespace it
/// was opened for it is changed, elsewhere it is not.
class Fence {
 public:
  /// Throws StoreError (denied) for a namespace that git or its hosts use themselves, and for one
  /// that makes no legal ref name.
  explicit Fence(const std::string& name_space);

  /// Throws StoreError (denied).
  void require_inside(const std::string& ref) const;

 private:
  std::string refs_;
  std::string notes_;
};

/// Throws StoreError (denied) for a ref outside of the fence and for an expected value that is no
/// object id; std::invalid_argument for a ref named twice and for a deletion that expects nothing.
std::vector<PlannedChange> plan_changes(const Fence& fence, std::span<const Change> changes);

/// Throws StoreError (denied) unless `ref` is a full, valid ref name.
void require_ref_name(const std::string& ref);

/// Throws std::invalid_argument unless `prefix` starts with "refs/" and ends in "/".
void require_prefix(std::string_view prefix);

SwapOutcome swapped_outcome(const PlannedChange& change);
SwapOutcome stale_outcome(const git_oid& seen);  ///< zero: it was seen that there is no such ref
SwapOutcome refused_outcome(std::string_view message);
/// Which stands: the same change will be refused again.
SwapOutcome refused_for_good(std::string_view message);

/// What can be said before anything is sent; an empty place is a change to send. `seen` gives a
/// ref's value, zero when there is none.
std::vector<std::optional<SwapOutcome>> judge_before_sending(
    std::span<const PlannedChange> changes, const std::function<git_oid(const std::string&)>& seen);

/// Gives every change that has no outcome the one for "not sent", because a decisive one was stale.
void hold_back(std::span<std::optional<SwapOutcome>> outcomes);

/// All outcomes, in order; each place must be filled.
std::vector<SwapOutcome> collect(std::vector<std::optional<SwapOutcome>>&& outcomes);

}  // namespace refgate
