#pragma once
// Claims as they lie in the store, and the transactions that make and change them.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/claim/claim.h"
#include "core/decision/decision.h"
#include "core/governing/pause.h"
#include "core/policy/policy.h"
#include "state/transact.h"
#include "store/store.h"

namespace refgate {

/// What stands at a claim's ref.
struct SeenClaim {
  std::optional<Claim> claim;  ///< nullopt: there is no ref
  std::optional<Version> version;
};

/// Reads one claim. Throws StoreError(unreadable) for a record that is broken or of a newer
/// version: it is left alone.
SeenClaim read_claim(Store& store, const std::string& ref);

/// Picks the claim out of what was read; else as read_claim.
SeenClaim read_claim_in(const std::map<std::string, Stored>& read, const std::string& ref);

struct Acquired {
  Decision decision;
  std::optional<Version> version;  ///< of our claim, when the verdict is run
  std::optional<Claim> holder;     ///< the claim that the decision was about, when there was one
  std::size_t left_out = 0;        ///< lines that the record will lack; see with_room
  bool outdone = false;  ///< by `claimed`: it will be given up, and waits for nothing any more
};

/// What is looked up besides the scope's own state, when the decision depends on it. An empty
/// function: not known.
struct Informants {
  std::function<RunEnded(const Claim&)> holder_run;  ///< asked at most once about a claim, and only
                                                     ///< when it would be skipped for its sake
  std::function<Surroundings(Store&)> governed;      ///< what may hold the caller back besides the
                                                 ///< claim, by one reading; before each decision
  /// Told once a claim is made, before its turn or a slot is waited for. What this throws is
  /// thrown by `acquire`, and the claim stands.
  std::function<void(Store&, Acquired&)> claimed;
  /// Whether a claim is one that the caller's session is to replace; and ends it, when there is
  /// only it in the way. False: it could not be ended.
  std::function<bool(const std::string& claim_id)> is_replaced;
  std::function<bool(Store&, const std::string& claim_id)> replace;
  std::optional<PausePlace> pause_while_waiting;  ///< what who waits looks at, too
};

/// What a claim is asked for with.
struct Question {
  Request& request;  ///< its scope becomes the door that is decided by
  const Policy& policy;
  const std::string& name_space;
  const Informants& informants;
};

/// Decides and, on run, makes the claim: exactly one of several concurrent callers with one ref
/// gets `run`. `watch` is told of each push of a claim: its `before` runs ahead of the push. Throws
/// StoreError when there is no answer; then the claim may have been made.
Acquired acquire(Store& store, const Question& question, SeenClaim known,
                 const Watch<Decision>& watch);

/// The commit that a claim is stored as.
Snapshot claim_snapshot(const Claim& claim);

/// `next` as it can be stored in place of a claim with the outbox `standing`: an outbox that has
/// grown by a quarter of its bound is published by a push of its own, as far as the server takes
/// it, and what does not fit even so is left out and counted (`Claim::left_out`). Never throws: no
/// launch and no end fails for the record's sake.
Claim with_room(Store& store, Claim next, const std::vector<AuditEntry>& standing,
                const std::string& name_space);

/// For people: so many lines are in no record.
std::string describe_left_out(std::uint64_t lines);

/// A create-only change that publishes one line of the record.
Change note_change(const AuditEntry& line, const std::string& name_space);

/// Those of `lines` that no push has carried yet; `next`, which holds them, remembers that this one
/// does. A line that is there already is refused, and to tell that from a rule takes a look: so a
/// line goes along once, and what became of it is proven when there are many (`with_room`) or by
/// gc.
std::vector<AuditEntry> not_sent_yet(Claim& next, std::span<const AuditEntry> lines);

/// What `acquire` would answer now, by the same picture, with nothing claimed. `known` saves the
/// reading.
Acquired consult(Store& store, const Question& question, SeenClaim known = {});

struct Ended {
  enum class Result {
    ended,     ///< by this call
    already,   ///< the claim had ended before
    not_ours,  ///< somebody else holds the scope, or nobody: nothing was changed
    foreign,   ///< it has the id, and is not the caller's: nothing was changed
  };
  Result result = Result::not_ours;
  std::optional<Claim> seen;             ///< what stands there now, when it was looked at
  Claim claim;                           ///< as ended
  std::optional<Version> version;        ///< of `claim`, when this call changed it
  std::set<std::string> published;       ///< ids of lines that went along and are in the record now
  std::vector<SwapOutcome> unpublished;  ///< of those that the server would not take
  bool given_back = false;   ///< nothing had been launched: the scope is as it was before
  std::size_t left_out = 0;  ///< lines that the record will lack; see with_room
  bool recorded = false;     ///< not ours: what the session did stands in the record
  bool unclaimed = false;    ///< it was launched without a claim that was known to be made
};

/// For people: which lines of an end are not in the record yet; empty when there are none.
std::string describe_unpublished(const Ended& ended);

/// Which lines go along with the swap.
enum class Publish {
  what_stood,  ///< those of the claim before the change: true whatever becomes of the swap
  everything,  ///< the change's own line too, since it is true without the swap (what a holder did
               ///< with its session)
};

/// Which claim a change is meant for.
struct ClaimAt {
  std::string ref;
  std::string claim_id;
  std::string name_space;
  SeenClaim known = {};  ///< saves the reading when it is what the ref holds
  std::function<bool(const Claim&)> is_own = {};  ///< asked of what stands there; empty: it is
  bool looked = false;  ///< `known` was read there just now, whatever it is
};

/// Applies `change` to the claim, by compare-and-swap, again and again while it is somebody's
/// renewal that came in between. `along` are changes that go with each try, whatever becomes of
/// them; those that arrived are taken out.
Ended update_claim(Store& store, ClaimAt at, const std::function<Claim(const Claim&)>& change,
                   Publish publish, std::vector<Change>* along = nullptr);

/// Removes up to `most` expired claims by compare-and-swap, in a push of its own, after their lines
/// are published; one that says that lines are in no record (`Claim::left_out`) is left to gc,
/// which tells. Gives up when `budget` is over. Of many claims it reads a few, which are others
/// each time: gc goes through all. Returns how many are gone. Never throws: this is
/// a courtesy.
int sweep(Store& store, const std::string& name_space, std::size_t most, Duration budget);

}  // namespace refgate
