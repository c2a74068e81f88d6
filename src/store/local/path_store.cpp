// A repository on this machine.
//
// libgit2's transport for paths is not used: it never compares the old value, so that several
// racers "win". The local reference database does, under the ref's lock file, which is the same
// file that git itself locks.

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "os/backoff.h"
#include "store/git/git_handle.h"
#include "store/git/git_runtime.h"
#include "store/git/plan.h"
#include "store/open.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto lock_patience =
    10s;  // how long a ref that somebody else has locked is tried, when there is no deadline
constexpr int refusal_tries =
    4;  // other failures: a lock file in a directory that is just being pruned, a full name clash

std::string path_of(const std::string& remote) {
  constexpr std::string_view scheme = "file://";
  if (!remote.starts_with(scheme)) return remote;
  std::string rest = remote.substr(scheme.size());
  if (rest.starts_with("localhost/")) rest.erase(0, 9);
  std::string path;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    int byte = 0;
    if (rest[i] == '%' && i + 2 < rest.size() &&
        std::sscanf(rest.c_str() + i + 1, "%2x", reinterpret_cast<unsigned*>(&byte)) == 1 &&
        byte != 0) {
      path += static_cast<char>(byte);
      i += 2;
    } else {
      path += rest[i];
    }
  }
  return path;
}

class PathStore final : public Store {
 public:
  PathStore(const std::string& remote, const std::string& name_space)
      : fence_(name_space), path_(path_of(remote)), name_(describe_remote(path_)) {
    open();
    if (git_repository_odb(out(odb_), repository_.get()) < 0)
      fail(StoreFailure::unreadable, "has no object database");
  }

  std::map<std::string, Version> list(std::string_view prefix) override {
    require_prefix(prefix);
    begin();
    return under(prefix);
  }

  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    begin();
    std::map<std::string, Stored> found;
    for (const auto& ref : refs) {
      require_ref_name(ref);
      const git_oid id = value(ref);
      if (!git_oid_is_zero(&id))
        found[ref] = {Version{hex_of(id)}, decode_commit(repository_.get(), id)};
    }
    return found;
  }

  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    std::map<std::string, Stored> found;
    for (const auto& [ref, version] : list(prefix)) {
      found[ref] = {version, decode_commit(repository_.get(), parse_oid(version.id).value())};
    }
    return found;
  }

  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    const auto planned = plan_changes(fence_, changes);
    begin();
    auto outcomes =
        judge_before_sending(planned, [this](const std::string& ref) { return value(ref); });
    const auto open = [](const auto& outcome) { return !outcome.has_value(); };
    if (std::ranges::none_of(outcomes, open)) return collect(std::move(outcomes));
    for (std::size_t i = 0; i < planned.size(); ++i) {
      if (open(outcomes[i]) && planned[i].objects) write(*planned[i].objects);
    }
    ++traffic_.pushes;
    for (const bool decisive : {true, false}) {
      for (std::size_t i = 0; i < planned.size(); ++i) {
        if (!open(outcomes[i]) || planned[i].decisive != decisive) continue;
        outcomes[i] = apply(planned[i]);
        if (decisive && outcomes[i]->result == SwapResult::stale) hold_back(outcomes);
      }
    }
    return collect(std::move(outcomes));
  }

  /// Looking is as cheap as remembering here.
  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    require_prefix(prefix);
    return under(prefix);
  }

  std::string describe() const override { return name_; }
  Traffic traffic() const override { return traffic_; }

 private:
  void open() {
    // Without a search upwards: a wrong path must not end in whatever repository happens to
    // surround it.
    const int error = git_repository_open_ext(out(repository_), path_.c_str(),
                                              GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
    // libgit2 1.5.1 says "not found" also when it looked for safe.directory, because of the owner,
    // and there is none.
    const git_error* reason = error < 0 ? git_error_last() : nullptr;
    const bool owner = error == GIT_EOWNER || (error == GIT_ENOTFOUND && reason != nullptr &&
                                               reason->klass == GIT_ERROR_CONFIG);
    if (error == GIT_ENOTFOUND && !owner) {
      throw StoreError(StoreFailure::denied,
                       name_ + " is not a git repository; nothing was changed",
                       "name a bare repository or a work tree");
    }
    if (owner) {
      throw StoreError(
          StoreFailure::denied,
          name_ + " belongs to another user, so git does not trust it; nothing was changed",
          "if you trust it: git config --global --add safe.directory '" + name_ + "'");
    }
    if (error < 0) {
      throw StoreError(
          StoreFailure::unreadable,
          name_ + " could not be opened: " + last_git_error() + "; nothing was changed",
          "a repository of a format that this version does not know (such as SHA-256 object ids or "
          "reftable) cannot be used");
    }
  }

  [[noreturn]] void fail(StoreFailure failure, const std::string& what) const {
    throw StoreError(failure,
                     name_ + " " + what + ": " + last_git_error() + "; nothing was changed");
  }

  void begin() const {
    if (Clock::now() >= deadline()) {
      throw StoreError(StoreFailure::unreachable, "the deadline had passed before " + name_ +
                                                      " was looked at; nothing was changed");
    }
  }

  std::map<std::string, Version> under(std::string_view prefix) const {
    std::map<std::string, Version> found;
    IteratorHandle iterator;
    const std::string glob = std::string(prefix) + "*";
    if (git_reference_iterator_glob_new(out(iterator), repository_.get(), glob.c_str()) < 0)
      fail(StoreFailure::unreadable, "could not be listed");
    const char* name = nullptr;
    int error = 0;
    while ((error = git_reference_next_name(&name, iterator.get())) == 0) {
      const std::string ref = name;
      if (!ref.starts_with(prefix)) continue;
      if (const git_oid id = value(ref); !git_oid_is_zero(&id))
        found.emplace(ref, Version{hex_of(id)});
    }
    if (error != GIT_ITEROVER) fail(StoreFailure::unreadable, "could not be listed");
    return found;
  }

  git_oid value(const std::string& ref) const {
    git_oid id{};
    const int error = git_reference_name_to_id(&id, repository_.get(), ref.c_str());
    if (error == GIT_ENOTFOUND) return {};
    if (error < 0)
      fail(StoreFailure::unreadable, "has a ref " + clean_text(ref) + " that could not be read");
    return id;
  }

  void write(const EncodedSnapshot& snapshot) {
    try {
      write_objects(odb_.get(), snapshot);
    } catch (const StoreError& error) {
      throw StoreError(error.failure(), name_ + " is not writable: " + error.what(),
                       "the user of this process needs to be allowed to write there");
    }
  }

  int move(const PlannedChange& change) {
    if (!change.deletes()) {
      ReferenceHandle made;
      return git_reference_create_matching(out(made), repository_.get(), change.ref.c_str(),
                                           &change.target, 1, &change.expected, "refgate");
    }
    ReferenceHandle current;
    if (const int error = git_reference_lookup(out(current), repository_.get(), change.ref.c_str());
        error < 0) {
      return error == GIT_ENOTFOUND ? GIT_EMODIFIED : error;
    }
    const git_oid* target = git_reference_target(current.get());
    if (target == nullptr || !git_oid_equal(target, &change.expected)) return GIT_EMODIFIED;
    // Deletes what the handle saw: libgit2 compares again under the lock.
    const int error = git_reference_delete(current.get());
    return error == GIT_ENOTFOUND ? GIT_EMODIFIED : error;
  }

  SwapOutcome apply(const PlannedChange& change) {
    Backoff backoff(2ms, 100ms);
    const auto until = std::min(deadline(), Clock::now() + lock_patience);
    for (int refusals = 0;;) {
      const int error = move(change);
      if (error == 0) return swapped_outcome(change);
      std::string reason = last_git_error();
      const git_oid seen = value(change.ref);
      if (!change.deletes() && git_oid_equal(&seen, &change.target)) return swapped_outcome(change);
      if (!git_oid_equal(&seen, &change.expected)) return stale_outcome(seen);
      // GIT_EMODIFIED with the expected value in place is a ref that came back, or one that is
      // symbolic: refused like the rest.
      if (error != GIT_ELOCKED && ++refusals == refusal_tries) {
        if (access(git_repository_path(repository_.get()), W_OK) != 0) {
          throw StoreError(
              StoreFailure::read_only,
              name_ + " is not writable; " + clean_text(change.ref) + " was not changed",
              "the user of this process needs to be allowed to write there");
        }
        return refused_for_good(reason);
      }
      if (!backoff.pause(until)) return refused_outcome(reason);
    }
  }

  Fence fence_;
  std::string path_;
  std::string name_;
  RepositoryHandle repository_;
  OdbHandle odb_;
  Traffic traffic_;
};

}  // namespace

std::unique_ptr<Store> open_path_store(const std::string& path, const std::string& name_space) {
  start_git_runtime();
  return std::make_unique<PathStore>(path, name_space);
}

}  // namespace refgate
