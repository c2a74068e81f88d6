#pragma once
// The one seam to a git remote: read, list, compare-and-swap.
//
// A ref holds one parentless commit, whose tree holds small files. A change says which value it
// expects; losing is a result, not an exception. Several changes in one call are one push, applied
// one by one by the server and possibly in part (no libgit2 and not every server has atomic
// pushes): what must be atomic belongs into one ref.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/time.h"

namespace refgate {

/// The value of a ref: the hexadecimal id of its commit.
struct Version {
  std::string id;
  auto operator<=>(const Version&) const = default;
};

/// Path → content. Paths have at most one slash ("claim.json", "ab/cdef…"); content is any bytes.
using Files = std::map<std::string, std::string>;

/// What a commit is made of. The same snapshot always gives the same Version, in every store and on
/// every machine: author and committer are "refgate <refgate@localhost>" at `time` (whole seconds,
/// +0000), there is no parent.
struct Snapshot {
  Files files;
  std::string message;
  Instant time{};
};

/// The version that a ref has when it holds the snapshot. Throws std::invalid_argument for a
/// snapshot that no store takes.
Version version_of(const Snapshot& snapshot);

struct Stored {
  Version version;
  Files files;
};

/// What is about to be read, call by call: names of refs, and prefixes (which end in "/").
struct Foreseen {
  std::vector<std::string> whole;   ///< with the content of each ref there
  std::vector<std::string> listed;  ///< whose names say which of them are read
};

struct Change {
  std::string ref;
  std::optional<Version> expected;      ///< nullopt: the ref must not exist
  std::optional<Snapshot> replacement;  ///< nullopt: delete the ref (then `expected` must be set)
  bool decisive = false;  ///< when this one is seen to be stale, nothing of the call is sent
};

enum class SwapResult {
  swapped,  ///< the ref holds our object now (also when it already did: pushing what is there is a
            ///< success)
  stale,    ///< the ref holds something other than expected; nothing was changed
  refused,  ///< the server would not, although the ref holds what was expected; `message` says why
};

struct SwapOutcome {
  SwapResult result = SwapResult::refused;
  std::optional<Version>
      version;  ///< swapped and not deleted: the new value. stale: the value seen, when it was seen
  std::string message;  ///< refused: the server's words, without control characters
  /// refused: a rule or a hook of the server spoke, so that the same change will be refused again;
  /// else something that passes, such as a lock that somebody held. Judged by the server's words,
  /// for how often to try and for what to tell people; never for whether a ref was changed.
  bool for_good = false;
};

enum class StoreFailure {
  unreachable,  ///< no answer in time, no connection, 429, 5xx: worth another try
  denied,       ///< 401, 403, 404, or ssh's refusal: trying again changes nothing
  read_only,    ///< may read, may not write
  unreadable,   ///< an answer that is not what git would say, or a repository that is broken or of
                ///< an unknown format
};

/// What could not be done. `what()` is one sentence that says what was tried on which remote
/// (without credentials) and what was *not* done; `hint` says what to change, and may be empty.
class StoreError : public std::runtime_error {
 public:
  StoreError(StoreFailure failure, const std::string& message, std::string hint = {},
             int http_status = 0)
      : std::runtime_error(message),
        failure_(failure),
        hint_(std::move(hint)),
        http_status_(http_status) {}
  StoreFailure failure() const { return failure_; }
  const std::string& hint() const { return hint_; }
  int http_status() const { return http_status_; }  ///< 0 when there was none
  /// Something was sent, and what became of it is not known: it may be done, or come to be.
  bool may_be_done() const { return may_be_done_; }
  void set_may_be_done() { may_be_done_ = true; }
  /// The server asks to be left alone until then.
  std::optional<std::chrono::steady_clock::time_point> not_before() const { return not_before_; }
  void set_not_before(std::chrono::steady_clock::time_point at) { not_before_ = at; }
  /// Those who read may be behind those who write: later they may be shown what they were not.
  bool may_lag() const { return may_lag_; }
  void set_may_lag() { may_lag_ = true; }

 private:
  StoreFailure failure_;
  std::string hint_;
  int http_status_;
  bool may_be_done_ = false;
  bool may_lag_ = false;
  std::optional<std::chrono::steady_clock::time_point> not_before_;
};

/// What the calls so far have cost, for people and for the push-rate advice of GitHub (6 pushes a
/// minute per repository).
struct Traffic {
  std::uint64_t pushes = 0;  ///< pushes that were sent, whatever became of them
  std::uint64_t exchanges =
      0;  ///< HTTP requests, or processes of the git command; 0 for paths and memory
};

/// What the server's clock showed, and ours when its answer came.
struct ServerClock {
  Instant server;  ///< whole seconds
  Instant ours;
  /// Positive: our clock is ahead. Exact to about a second, and to the time the answer took.
  Duration ahead() const { return ours - server; }
};

/// A store is opened for one namespace. It changes refs below "refs/<namespace>/" and
/// "refs/notes/<namespace>/" and no others, whatever its caller says.
class Store {
 public:
  virtual ~Store() = default;

  /// Names and values of all refs under `prefix` (which ends in "/"), sorted by name.
  virtual std::map<std::string, Version> list(std::string_view prefix) = 0;

  /// The refs of these that exist, with content. A ref that is no commit, or whose tree has a
  /// deeper shape, has empty `files`.
  virtual std::map<std::string, Stored> read(std::span<const std::string> refs) = 0;

  /// The same for refs that `list` has just shown, without asking for their values again where that
  /// can be done: for who reads what was listed a few at a time.
  virtual std::map<std::string, Stored> read_listed(std::span<const std::string> refs) {
    return read(refs);
  }

  /// list and read at once.
  virtual std::map<std::string, Stored> read_all(std::string_view prefix) = 0;

  /// The next readings are of these: where requests are saved by it, the first of them asks for all
  /// at once, and the others (`read_all` and `list` of a prefix, `read` of a name) are answered out
  /// of that, each once. A swap, or a reading of something else, ends it.
  virtual void foresee(Foreseen /*next*/) {}

  /// Applies the changes in one push; one outcome a change, in order. A change that is seen to be
  /// stale before anything is sent is left out and `stale`, and the others are sent; but when a
  /// *decisive* change is seen to be stale, nothing is sent, and all others that are not stale are
  /// `refused` with the message "not sent". So are they when one of several decisive changes turns
  /// out to be stale: those are taken together or not at all. What goes along with a single
  /// decisive change must be true whatever becomes of it. A reply that is lost is resolved by
  /// reading back; when that fails too, a StoreError says that the outcome is not known. Throws
  /// StoreError when nothing could be sent, and `denied` when a change is of a ref outside of the
  /// namespace, has a name that git would not take, or expects what is no object id: names and
  /// values may come from files that strangers can write.
  virtual std::vector<SwapOutcome> swap(std::span<const Change> changes) = 0;

  /// What the last exchange showed under `prefix` without asking again; nullopt when it showed
  /// nothing. May be out of date.
  virtual std::optional<std::map<std::string, Version>> last_seen(
      std::string_view prefix) const = 0;

  /// The remote for people, never with credentials.
  virtual std::string describe() const = 0;

  virtual Traffic traffic() const = 0;

  /// By the last answer that told the time (the Date of HTTP); nullopt when none did.
  virtual std::optional<ServerClock> server_clock() const { return std::nullopt; }

  /// From now on every call throws `unreachable` at this moment at the latest. One call's own
  /// limits (connect, I/O) are shorter.
  void set_deadline(std::chrono::steady_clock::time_point at) { deadline_ = at; }
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }

 private:
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

}  // namespace refgate
