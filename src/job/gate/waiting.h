#pragma once
// Gates that wait: for their branch to be calm, for their turn in a group, for a slot, or beside
// the holder of their work.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "call/invocation.h"
#include "core/claim/queue.h"
#include "core/event/ordering.h"
#include "job/note/job_state.h"
#include "job/subject/subject.h"
#include "state/claiming.h"
#include "state/newest/newest_line.h"

namespace refgate {

/// In which line an event stands.
struct Ordering {
  std::string strategy;  ///< as it was said, for people
  std::string group;     ///< the key; empty: it is processed by itself
  SessionLimits limits;
  std::string pool;    ///< the ref of the pool that it takes a slot of; empty: of none
  unsigned slots = 0;  ///< so many of the pool's sessions at once
  std::optional<NewestPlace> settles;  ///< its branch is to be calm first; see Policy::settle
};

/// A line that a claim goes through.
struct Line {
  std::string ref;
  std::string name;  ///< of the group or the pool
  bool is_pool = false;
  unsigned heads = 1;  ///< so many of those that live have their turn
  bool starts = true;  ///< with the turn the claim becomes active; false: another line follows
};

/// When a wait in a line is over.
struct WaitEnds {
  std::chrono::steady_clock::time_point until;  ///< as `--wait` says
  /// The call's deadline, which holds until the claim has its place behind others; nullopt: it has
  /// waited already.
  std::optional<std::chrono::steady_clock::time_point> due;
};

/// "in line of group repo-octo/app", "in line for the 3 slots of default"
std::string in_line(const Line& line);

/// By `--group-by`, else by the bot's row of the configuration; and by `--slots`, unless the gate
/// takes none by force. Throws UsageError.
Ordering ordering_of(const Settings& settings, const Subject& subject, Instant now);

/// How long a gate in a group, or one that takes a slot, stands in line when `--wait` was not said.
inline constexpr Duration wait_in_group = std::chrono::hours(1);

/// What one gate asks, and with what. Everything is referred to, and must live as long.
struct Asking {
  const Invocation& call;
  Store& store;
  Request& request;
  const Ordering& ordering;
  const Settings& settings;
  const JobState& state;
  const Informants& informants;

  Question question(const Policy& policy) const {
    return {request, policy, settings.name_space, informants};
  }
};

struct Ordered {
  Acquired acquired;
  std::string group;           ///< empty: none
  std::size_t position = 0;    ///< in line, when the verdict is `queued` or `wait_expired`; 0: none
  std::optional<Ticket> head;  ///< of that line, when it was seen
  std::string line;            ///< for people, which line: see in_line
  int interrupted_by =
      0;  ///< the signal that ended the wait, after everything was given back; 0: none
};

/// `acquire_with_note`, in the order of the subject's group, and with a slot of its pool, within
/// `--wait`.
///
/// Where its branch is to be calm, it waits for that first, whatever `--wait` says, and is skipped
/// (`superseded`) when a newer head comes.
///
/// In a group the claim is made as `waiting`, then takes a ticket, and becomes active when the
/// ticket is the head of the line. A pool of slots is a line with as many heads; who is in a group,
/// too, has its turn there first, and keeps it while it waits for a slot. Meanwhile its lease is
/// renewed, and heads whose claim is dead are passed over. Whose turn does not come leaves nothing
/// in the line and an abandoned claim; whose claim is ended or released meanwhile is skipped
/// (`wait_expired`), and whose claim is taken by somebody else decides again. With `--no-wait` the
/// line is looked at first, and `queued` tells the place in it. Until it is known that others are
/// before it, the deadline holds. One before it whose claim cannot be read is
/// StoreError(unreadable). A forced gate stands in no line and waits for nobody: it runs at once,
/// beside the head of the line. A live claim is thus replaced by a session, never by one that waits
/// and may have to give up. Without group and slots, `--wait` stands by while somebody else holds
/// the work, and then decides again; `--no-wait` wins over it. Once it stands by, an outage of the
/// store is waited through; one that outlasts `--wait` is thrown. `request.nonce` and
/// `request.group` are set anew as needed. The store's deadline is moved on with each step. Throws
/// as `acquire` does.
Ordered acquire_in_order(const Asking& asking, SeenClaim known);

}  // namespace refgate
