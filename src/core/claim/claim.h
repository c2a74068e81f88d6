#pragma once
// The stored record that a run owns a scope, and its text form.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/event/event.h"
#include "core/record/audit.h"
#include "core/text/time.h"

namespace refgate {

enum class ClaimState {
  waiting,  ///< for its turn in a group: owns the scope, and has not started
  held,     ///< by `check` with a run id: won, and waiting for `register`
  active,   ///< the session runs
  ended,
};

enum class ClaimOutcome {
  none,
  success,
  failure,
  cancelled,
  lost,
  released,   ///< by a person, or before anything was launched
  limited,    ///< the provider said "later": see limited.h
  abandoned,  ///< it never started: its wait ran out, or a budget was spent meanwhile. Suppresses
              ///< nothing
};

/// Who owns the scope. Equal run, attempt and job do not make two callers the same: matrix legs
/// share all three.
struct Holder {
  std::string run_id;
  unsigned run_attempt = 1;
  std::string job;
  std::string job_index;  ///< strategy.job-index, or empty
  std::string run_url;
  std::string actor;
  std::string instance;  ///< what tells this job of the run from all its others; or empty

  bool operator==(const Holder&) const = default;
};

/// What the claim was made with. It binds those who read it, so that two workflows with different
/// settings agree about one claim.
struct Limits {
  Duration lease{};
  Duration skew{};
  Duration memory{};
  Duration pr_lock_window{};

  bool operator==(const Limits&) const = default;
};

/// A claim that was taken over before its job had said what its session cost: who made it may say
/// so all the same.
struct Displaced {
  std::string claim_id;
  Holder holder;
  std::vector<std::string> ledgers;
  std::uint64_t generation = 1;
  Instant claimed_at{};
  bool breaker =
      false;  ///< see Claim::breaker; not stored, since what others ended counts as nothing

  bool operator==(const Displaced&) const = default;
};

struct Claim {
  std::string claim_id;  ///< the nonce: 32 hexadecimal digits; who presents it owns the claim
  std::uint64_t generation = 1;  ///< the fencing number: one more with each launch of this scope
  ClaimState state = ClaimState::active;
  ClaimOutcome outcome = ClaimOutcome::none;
  bool window_only = false;  ///< made by the positional commands: the lease is their window and
                             ///< says nothing of the holder's death
  Holder holder;
  std::string session_key;
  std::string workflow;
  std::string workflow_file;  ///< where its ref does not name it, since its share is a name
  std::string event;          ///< "push", …: the PR lock compares it
  std::string commit;         ///< any text
  Instant claimed_at{};
  Instant renewed_at{};
  Instant lease_until{};
  std::optional<Instant> ended_at;
  std::string superseded_by;             ///< the run with a newer head, which ended it; or empty
  std::vector<std::string> failed_runs;  ///< before this one, since the last success: those whose
                                         ///< session did not do the work, the latest last
  bool breaker = false;                  ///< how it ends counts for its workflow's breaker
  bool halted = false;                   ///< by a pause that holds for the whole run
  std::optional<Instant> until;  ///< of a limited session, and only of one: before, nobody does it
  std::optional<Instant> pr_locked_until;  ///< set when `event` is push or pull_request
  std::vector<Cover> covers;  ///< the pull requests that it answers to; empty: all of its head
  bool ambiguous = false;     ///< another job of its run cannot be told from it: it mutes nobody
  std::string note;           ///< why it was released, for people
  std::string group;          ///< the sessions that are processed in order with this one; or empty
  Spent spent;                ///< what its job said at its end that it cost
  std::string slots;          ///< the ref of the pool that it takes a slot of (pool.h); or empty
  std::string result;         ///< id of the latest result that the session kept; or empty
  unsigned attempts = 1;      ///< launches of this scope since its memory began, this one included
  std::string former;  ///< the ended claim that this one replaced, in text form: giving up brings
                       ///< it back. Empty: none
  Limits limits;
  std::vector<std::string> ledgers;  ///< refs of the budgets that its launch is entered in
  Spent reserve;  ///< what its launch counts as in them until its job says what it cost
  std::optional<Displaced> displaced;
  std::vector<AuditEntry> outbox;  ///< lines not yet known to be published; see outbox.h
  std::set<std::string> sent;  ///< ids of those that a push has carried: most likely published, so
                               ///< that they go along no more until that is to be proven
  unsigned left_out = 0;  ///< lines of this scope that are nowhere: nobody would take them, and the
                          ///< outbox was full

  bool operator==(const Claim&) const = default;
};

/// Bounds Claim::failed_runs; what is older is forgotten.
inline constexpr std::size_t most_failed_runs = 8;

/// The file in a claim's tree.
inline constexpr std::string_view claim_file = "claim.json";

/// What a claim takes at most, when its texts are within these bounds and its outbox is within its
/// own.
inline constexpr std::size_t longest_claim = 64u << 10;

/// Longest texts of claims and of their lines, in bytes inside of a JSON string. Whatever anybody
/// calls a workflow, the record stays one that can be read.
namespace bounds {
inline constexpr std::size_t name = 2048;    ///< session key, workflow
inline constexpr std::size_t reason = 2048;  ///< of a decision, for people
inline constexpr std::size_t note = 1024;    ///< why a claim was released
inline constexpr std::size_t address = 512;  ///< of a run; the key of a group
inline constexpr std::size_t word = 256;     ///< event, commit, run, job, actor
inline constexpr std::size_t former = 6144;  ///< the claim that was replaced, as text
}  // namespace bounds

std::string encode_claim(const Claim& claim);

enum class ClaimErrorKind { newer_version, broken };

/// For people: what is wrong with the record. Who meets it leaves the record alone.
struct ClaimError {
  ClaimErrorKind kind;
  std::string message;
};

/// Never throws, on any text.
std::variant<Claim, ClaimError> decode_claim(std::string_view text);

std::string_view name_of(ClaimState state);
std::string_view name_of(ClaimOutcome outcome);
std::optional<ClaimOutcome> claim_outcome_named(std::string_view name);

/// What a status says of the work.
struct StatusMeaning {
  ClaimOutcome outcome = ClaimOutcome::cancelled;
  bool executed = true;  ///< false: nothing was, so that the scope is given back as it was
  bool known = true;     ///< false: no status of GitHub's; the work may have run, and is not done
};

/// Of a job's or step's result, or a run's or check's conclusion. Sources: GitHub's "Contexts
/// reference" (job.status, steps.<id>.outcome, needs.<job>.result) and the conclusions of "REST API
/// endpoints for check runs".
StatusMeaning meaning_of_status(std::string_view status);

/// True when the claim may be forgotten: its memory has passed since it ended, or since others
/// could have taken it over.
bool is_expired(const Claim& claim, Instant now);

}  // namespace refgate
