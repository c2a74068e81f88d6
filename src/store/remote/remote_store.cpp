#include "store/remote/remote_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "store/remote/retry.h"
#include "store/remote/settle.h"

namespace refgate {
namespace {

constexpr std::size_t most_cached_bytes = 64U << 20U;

/// Files by commit id. What an id names never changes.
class CommitCache {
 public:
  const Files* find(const std::string& id) const {
    const auto it = files_.find(id);
    return it == files_.end() ? nullptr : &it->second;
  }

  void add(const std::string& id, const Files& files) {
    std::size_t size = id.size();
    for (const auto& [path, content] : files)
      size += path.size() + content.size();
    if (bytes_ + size > most_cached_bytes) {
      files_.clear();
      bytes_ = 0;
    }
    if (size <= most_cached_bytes && files_.emplace(id, files).second) bytes_ += size;
  }

 private:
  std::map<std::string, Files> files_;
  std::size_t bytes_ = 0;
};

class RemoteStore final : public Store {
 public:
  RemoteStore(std::unique_ptr<Transport> transport, const std::string& name_space)
      : fence_(name_space), transport_(std::move(transport)) {}

  std::map<std::string, Version> list(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    return retrying(deadline(), unchanged(), [&] {
      return (is_foreseen(prefix, false) ? seen_->shown : look({std::string(prefix)}))
          .under(prefix);
    });
  }

  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    for (const auto& ref : refs)
      require_ref_name(ref);
    begin();
    if (refs.empty()) return {};
    return retrying(deadline(), unchanged(), [&] {
      if (refs.size() == 1 && is_foreseen(refs[0])) return take_foreseen(refs[0]);
      const Advertisement& shown =
          just_shown(refs) ? seen_->shown : look({refs.begin(), refs.end()});
      just_looked_ = false;
      std::map<std::string, Version> wanted;
      for (const auto& ref : refs) {
        if (const git_oid id = shown.value(ref); !git_oid_is_zero(&id))
          wanted[ref] = Version{hex_of(id)};
      }
      return contents(wanted);
    });
  }

  std::map<std::string, Stored> read_listed(std::span<const std::string> refs) override {
    begin();
    std::map<std::string, Version> wanted;
    for (const auto& ref : refs) {
      if (!seen_ || !seen_->covers(ref)) return read(refs);
      if (const git_oid id = seen_->shown.value(ref); !git_oid_is_zero(&id))
        wanted[ref] = Version{hex_of(id)};
    }
    try {
      return contents(wanted);
    } catch (const Failed&) {
      // What was shown may have moved meanwhile; and the reading is tried again where it may go
      // better.
      return read(refs);
    }
  }

  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    return retrying(deadline(), unchanged(), [&] {
      if (is_foreseen(prefix)) return take_foreseen(prefix);
      if (auto all = transport_->fetch_all(std::string(prefix), deadline())) {
        Look seen{{std::string(prefix)}, {}};
        for (const auto& [ref, stored] : *all)
          seen.shown.add(ref, parse_oid(stored.version.id).value());
        seen.shown.sort();
        forget_foreseen();
        seen_ = std::move(seen);
        just_looked_ = false;
        return std::move(*all);
      }
      const bool shown = just_looked_ && seen_->covers(prefix);
      const Advertisement& all_refs = shown ? seen_->shown : look({std::string(prefix)});
      just_looked_ = false;
      return contents(all_refs.under(prefix));
    });
  }

  void foresee(Foreseen next) override {
    forget_foreseen();
    next_ = std::move(next);
  }

  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    const auto planned = plan_changes(fence_, changes);
    if (planned.empty()) return {};
    begin();
    forget_foreseen();
    just_looked_ = false;
    Settlement settlement(*transport_, deadline(), limits_);
    std::vector<SwapOutcome> outcomes;
    try {
      outcomes = settlement.settle(planned, seen_ ? &*seen_ : nullptr);
    } catch (const StoreError& error) {
      may_have_changed_ = may_have_changed_ || error.may_be_done();
      throw;
    }
    if (auto shown = settlement.take_look()) {
      seen_ = std::move(*shown);
      just_looked_ = true;
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].result != SwapResult::swapped) continue;
      may_have_changed_ = true;
      if (changes[i].replacement)
        cache_.add(hex_of(planned[i].target), changes[i].replacement->files);
      if (seen_ && seen_->covers(planned[i].ref))
        seen_->shown.set(planned[i].ref, planned[i].target);
    }
    return outcomes;
  }

  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    require_prefix(prefix);
    if (!seen_ || !seen_->covers(prefix)) return std::nullopt;
    return seen_->shown.under(prefix);
  }

  std::string describe() const override { return transport_->describe(); }
  Traffic traffic() const override { return transport_->traffic(); }
  std::optional<ServerClock> server_clock() const override { return transport_->server_clock(); }

 private:
  void begin() const {
    if (SteadyTime::clock::now() >= deadline()) {
      throw StoreError(StoreFailure::unreachable, "the deadline had passed before " + describe() +
                                                      " was asked; " + nothing_sent);
    }
  }

  const Advertisement& look(std::vector<std::string> names) {
    forget_foreseen();
    return show(std::move(names));
  }

  const Advertisement& show(std::vector<std::string> names) {
    just_looked_ = false;
    seen_ = Look{names, transport_->look(names, Side::reading, deadline())};
    return seen_->shown;
  }

  /// What a reading that failed has changed.
  const char* unchanged() const {
    return may_have_changed_ ? nothing_more_changed : nothing_changed;
  }

  /// Whether what is asked for was foreseen, with its content where that is asked for; all that was
  /// is asked for then. Not a second time.
  bool is_foreseen(std::string_view name, bool with_content = true) {
    if (with_content && std::ranges::find(next_.listed, name) != next_.listed.end()) return false;
    if (std::ranges::find(next_.whole, name) != next_.whole.end() ||
        std::ranges::find(next_.listed, name) != next_.listed.end())
      ask_for_foreseen();
    const auto found = foreseen_.find(name);
    if (found == foreseen_.end() || (with_content && listed_.contains(name))) return false;
    foreseen_.erase(found);
    return true;
  }

  void ask_for_foreseen() {
    std::vector<std::string> names = next_.whole;
    names.insert(names.end(), next_.listed.begin(), next_.listed.end());
    const Advertisement& shown = show(names);
    std::map<std::string, Version> wanted;
    for (const std::string& name : next_.whole) {
      if (name.ends_with('/'))
        wanted.merge(shown.under(name));
      else if (const git_oid id = shown.value(name); !git_oid_is_zero(&id))
        wanted[name] = Version{hex_of(id)};
    }
    held_ = contents(wanted);
    foreseen_.insert(names.begin(), names.end());
    listed_.insert(next_.listed.begin(), next_.listed.end());
    next_ = {};
  }

  /// What stands at the name, or below the prefix.
  std::map<std::string, Stored> take_foreseen(std::string_view name) {
    std::map<std::string, Stored> taken;
    for (auto it = held_.lower_bound(std::string(name));
         it != held_.end() &&
         (name.ends_with('/') ? it->first.starts_with(name) : it->first == name);)
      taken.insert(held_.extract(it++));
    return taken;
  }

  void forget_foreseen() {
    next_ = {};
    foreseen_.clear();
    listed_.clear();
    held_.clear();
  }

  /// True when the last swap ended with a look at all of these.
  bool just_shown(std::span<const std::string> refs) const {
    return just_looked_ &&
           std::ranges::all_of(refs, [this](const std::string& ref) { return seen_->covers(ref); });
  }

  std::map<std::string, Stored> contents(const std::map<std::string, Version>& refs) {
    std::map<std::string, Stored> found;
    std::map<std::string, Version> missing;
    for (const auto& [ref, version] : refs) {
      if (const Files* files = cache_.find(version.id)) {
        found[ref] = {version, *files};
      } else {
        missing[ref] = version;
      }
    }
    if (missing.empty()) return found;
    for (auto& [ref, stored] : transport_->fetch(missing, deadline())) {
      cache_.add(stored.version.id, stored.files);
      found[ref] = std::move(stored);
    }
    return found;
  }

  Fence fence_;
  std::unique_ptr<Transport> transport_;
  PushLimits limits_;
  CommitCache cache_;
  std::optional<Look> seen_;
  bool may_have_changed_ = false;  // by an earlier swap
  bool just_looked_ = false;       // seen_ shows what was there when the last swap ended
  Foreseen next_;                  // to be asked for with the first of it that is read
  std::set<std::string, std::less<>> foreseen_;  // shown by seen_, and not yet read
  std::set<std::string, std::less<>> listed_;    // of these those whose contents are not held
  std::map<std::string, Stored> held_;           // what stands there, where it is read whole
};

}  // namespace

std::unique_ptr<Store> make_remote_store(std::unique_ptr<Transport> transport,
                                         const std::string& name_space) {
  return std::make_unique<RemoteStore>(std::move(transport), name_space);
}

}  // namespace refgate
