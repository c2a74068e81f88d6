#include <algorithm>
#include <mutex>

#include "store/git/git_runtime.h"
#include "store/git/plan.h"
#include "store/open.h"

namespace refgate {
namespace {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const std::string& name_space) : fence_(name_space) {}

  std::map<std::string, Version> list(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    const std::lock_guard lock(mutex_);
    return under(prefix);
  }

  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    begin();
    const std::lock_guard lock(mutex_);
    std::map<std::string, Stored> found;
    for (const auto& ref : refs) {
      require_ref_name(ref);
      if (const auto it = refs_.find(ref); it != refs_.end()) found.insert(*it);
    }
    return found;
  }

  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    const std::lock_guard lock(mutex_);
    std::map<std::string, Stored> found;
    for (auto it = refs_.lower_bound(std::string(prefix));
         it != refs_.end() && it->first.starts_with(prefix); ++it)
      found.insert(*it);
    return found;
  }

  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    const auto planned = plan_changes(fence_, changes);
    begin();
    const std::lock_guard lock(mutex_);
    auto outcomes =
        judge_before_sending(planned, [this](const std::string& ref) { return value(ref); });
    if (std::ranges::any_of(outcomes, [](const auto& outcome) { return !outcome; }))
      ++traffic_.pushes;
    for (std::size_t i = 0; i < planned.size(); ++i) {
      if (!outcomes[i]) outcomes[i] = apply(planned[i], changes[i]);
    }
    return collect(std::move(outcomes));
  }

  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    require_prefix(prefix);
    const std::lock_guard lock(mutex_);
    return under(prefix);
  }

  std::string describe() const override { return "memory"; }

  Traffic traffic() const override {
    const std::lock_guard lock(mutex_);
    return traffic_;
  }

 private:
  void begin() const {
    if (std::chrono::steady_clock::now() >= deadline()) {
      throw StoreError(
          StoreFailure::unreachable,
          "the deadline had passed before the store in memory was used; nothing was changed");
    }
  }

  std::map<std::string, Version> under(std::string_view prefix) const {
    std::map<std::string, Version> found;
    for (auto it = refs_.lower_bound(std::string(prefix));
         it != refs_.end() && it->first.starts_with(prefix); ++it) {
      found.emplace(it->first, it->second.version);
    }
    return found;
  }

  SwapOutcome apply(const PlannedChange& plan, const Change& change) {
    if (plan.deletes()) {
      refs_.erase(plan.ref);
    } else if (clashes(plan.ref)) {
      return refused_for_good("the ref's name clashes with that of another ref");
    } else {
      refs_[plan.ref] = {Version{hex_of(plan.target)}, change.replacement->files};
    }
    return swapped_outcome(plan);
  }

  git_oid value(const std::string& ref) const {
    const auto it = refs_.find(ref);
    return it == refs_.end() ? git_oid{} : parse_oid(it->second.version.id).value();
  }

  // As in git's files: refs/a and refs/a/b cannot both be.
  bool clashes(const std::string& ref) const {
    const auto below = refs_.lower_bound(ref + "/");
    if (below != refs_.end() && below->first.starts_with(ref + "/")) return true;
    for (auto slash = ref.rfind('/'); slash != std::string::npos && slash > 4;
         slash = ref.rfind('/', slash - 1)) {
      if (refs_.contains(ref.substr(0, slash))) return true;
    }
    return false;
  }

  Fence fence_;
  mutable std::mutex mutex_;
  std::map<std::string, Stored> refs_;
  Traffic traffic_;
};

}  // namespace

std::unique_ptr<Store> open_memory_store(const std::string& name_space) {
  start_git_runtime();
  return std::make_unique<MemoryStore>(name_space);
}

}  // namespace refgate
