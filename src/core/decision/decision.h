#pragma once
// decide(state of the scope, request, policy, now) → verdict, reason, next state. Pure; the loop
// around it reads and swaps.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/claim/claim.h"
#include "core/decision/reason_code.h"
#include "core/event/event.h"
#include "core/governing/pause.h"
#include "core/policy/breaker.h"
#include "core/policy/policy.h"
#include "core/text/time.h"

namespace refgate {

enum class Verdict { run, skip };

/// Whether the holder's run is over, as far as anybody could find out. Only a clear answer counts
/// as `yes`.
enum class RunEnded { unknown, no, yes };

/// A budget that has nothing left.
struct SpentBudget {
  Budget budget;
  Instant frees_at{};      ///< when the next launch is within it; or `never`
  std::uint64_t left = 0;  ///< in the budget's unit
  std::uint64_t need = 1;  ///< what the launch would take of it
};

/// The run that brought a newer head of the same branch.
struct NewerRun {
  std::string run_id;
  std::string run_url;
  std::string commit;
};

/// A pool of slots that a provider's limit has closed.
struct ClosedPool {
  std::string pool;
  Instant until{};
};

/// What is known besides the scope's own state.
struct Surroundings {
  RunEnded holder_run = RunEnded::unknown;
  std::optional<SpentBudget> spent;
  std::optional<Pause> paused;                        ///< what stops this very work now
  std::optional<NewerRun> newer = std::nullopt;       ///< whose head came after the caller's own
  std::optional<ClosedPool> closed = std::nullopt;    ///< the pool whose slot it would take
  std::optional<OpenBreaker> breaker = std::nullopt;  ///< of its workflow
};

/// Who asks, and what the claim would say.
struct Request {
  Holder holder;
  std::string event;
  std::string workflow;
  std::string workflow_file;  ///< where the scope does not name it
  std::string commit;
  std::string session_key;
  std::string scope;          ///< the claim's ref: one of the doors
  std::string first_door;     ///< the scope's own ref; see core/decision/doors.h
  std::vector<Cover> covers;  ///< the pull requests that the work is for, sorted; empty: all
  bool look_first = false;    ///< there is cause to expect a claim: look before pushing
  std::string named;          ///< `--claim-id`: the claim, which may be that of another job or run
  bool in_run = false;        ///< asked by a job of a run, and not at a command line
  bool tells_jobs = false;    ///< a job of a run that named no share: jobs of one run are never
                              ///< duplicates of one another
  std::optional<Claim> met;   ///< the claim that cannot be told from the caller's own
  std::string nonce;  ///< the claim id to use when the claim is won: 32 random hexadecimal digits
  std::vector<std::string> presented;  ///< claim ids that the job's state files hold; a hint, see
                                       ///< `shows`
  bool rerun_by_person = false;        ///< attempt > 1, and who started it is no bot
  bool hold = false;  ///< `check`: win the scope, and leave it to `register` to start the session
  bool window_only = false;  ///< a positional command
  bool queue = false;        ///< win the scope, and wait for the turn in `group` and for a slot
  bool asks_pause = false;   ///< see AuditEntry::asked_pause
  std::vector<std::string> joined_by;  ///< the options that make others the same work which an
                                       ///< event alone would not: "--share review". A skip names
                                       ///< them
  std::string aside;                   ///< what every answer says besides, for people; or empty
  bool same_change = false;  ///< its identity is what is changed: a push and a pull request of it
                             ///< are one piece of work for as long as it is remembered
  std::string group;         ///< see Claim::group
  std::string slots;         ///< see Claim::slots
  std::vector<std::string> ledgers;  ///< see Claim::ledgers
  Spent reserve;                     ///< see Claim::reserve
  bool breaker = false;              ///< see Claim::breaker
};

struct Decision {
  Verdict verdict = Verdict::skip;
  ReasonCode code = ReasonCode::unreadable;
  std::string
      reason;  ///< for people: who holds it, since when, the URL of that run, and how to override
  std::optional<Claim>
      next;  ///< on run: what to swap in. Its outbox starts with the lines of the former claim
  std::optional<AuditEntry> line;  ///< on skip: the line to publish
  /// On a skip by time: when it makes sense to ask again.
  std::optional<Instant> until = std::nullopt;
  std::optional<NewerRun> newer = std::nullopt;  ///< of a `superseded` skip
  std::string_view rule = {};  ///< which rule spoke, by its name in core/decision/rule.h; empty for
                               ///< what was decided outside of them
};

/// Precedence: own when it is paused, then paused, which nothing else passes; forced, own, live
/// claim (active_session or pr_lock; queued when it only waits for its turn), done (already_done or
/// pr_lock), failed (retry_allowed or retry_suppressed, whoever asks), limited (limited until its
/// time, then takeover, whoever asks), lost or released (takeover), cancelled (takeover; a re-run
/// of the same run follows `retry`), nothing, given back or older than the memory (first). What
/// would run, and is neither forced nor own, must also be within max_attempts, cooldown and
/// budgets, and its pool of slots open (limited).
Decision decide(const std::optional<Claim>& state, const Request& request, const Policy& policy,
                Instant now, const Surroundings& around = {});

/// A skip of somebody who may not start now for a reason that lies outside of the scope's state
/// (`queued`, `wait_expired`).
Decision skip_for(const Request& request, Instant now, ReasonCode code, std::string reason);

/// The policy of somebody who only watches: stands in no line, and passes nothing by force, so that
/// nobody else's session ends.
Policy observing(Policy policy);

/// A skip as it is told to somebody who only watches: run, without a claim, for the same reason.
/// Its line says that it was executed. Any other decision stays as it is.
Decision observed(Decision decision);

/// The end of what ran without a claim after an observed skip, as its caller tells it; `nonce` is
/// the claim id that the skip's line has.
AuditEntry observed_end(const Request& request, std::string_view nonce, std::string_view job_status,
                        Instant since, Instant now);

/// A waiting claim whose turn has come; `decision` is the one that made it.
Claim start_claim(const Claim& claim, const Request& request, const Decision& decision,
                  Instant now);

/// "run 42 (attempt 2, job review, push by octocat), since 2026-11-22T02:20:40Z (4m 12s ago),
/// https://…"
std::string describe_holder(const Claim& claim, Instant now);

/// The command that frees a session: "refgate release 42 --reason '…'", as a shell takes it.
std::string how_to_free(std::string_view target);

/// True when one is a push and the other a pull request: two events that one push to an open pull
/// request causes.
bool are_push_and_pull_request(std::string_view one, std::string_view other);

/// True when the claim's holder is the caller's job, as far as both sides know: an instance that is
/// not known on one of them tells nothing.
bool is_of_this_job(const Claim& claim, const Request& request);

/// True when the claim, as it stands, is the caller's to go on with: the one that the step names
/// (`Request::named`), or one that it has a note of and whose holder it is itself. Anything in a
/// job can write a note; outside of a run it is the user's word.
bool shows(const Request& request, const Claim& claim);

/// Who has a note of a claim that is another's, for people; nullopt where that is not so.
std::optional<std::string> disowned(const Request& request, const std::optional<Claim>& claim,
                                    Instant now);

/// True when the claim is that of another job of the caller's own run and attempt: GitHub starts
/// each once, on purpose.
bool is_of_another_job(const Claim& claim, const Request& request);

/// True when others could take the scope over, going by time alone.
bool is_lost(const Claim& claim, Instant now);

}  // namespace refgate
