#pragma once
// The line of a group: who waits, in order of arrival, and the group's session. Pure; the text form
// is what a queue's ref holds.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/claim/claim.h"
#include "core/event/ordering.h"
#include "core/text/time.h"

namespace refgate {

/// A place in line. It lives as long as its claim, which was made first: that one's lease is the
/// only one.
struct Ticket {
  std::string claim_id;
  std::string claim_ref;  ///< a legal name, so that it can be asked for
  std::string run_id;
  std::string run_url;
  std::string event;  ///< for people: the session key
  std::string workflow;
  Instant arrived_at{};

  bool operator==(const Ticket&) const = default;
};

/// The events of a group between two pauses. They belong together for whoever keeps something warm
/// for them.
struct GroupSession {
  std::uint64_t number = 1;  ///< one more with each session of the group
  Instant started_at{};
  Instant last_activity{};  ///< the last event that came or went
  unsigned events = 0;      ///< that took a ticket
  std::string affinity;     ///< the workflow that its first event went to
  unsigned affine = 0;      ///< how many of the events went there
  SessionLimits limits;

  bool operator==(const GroupSession&) const = default;
};

enum class SessionEnd { idle, max_duration, max_events };

struct ClosedSession {
  GroupSession session;
  Instant ended_at{};
  SessionEnd why = SessionEnd::idle;

  bool operator==(const ClosedSession&) const = default;
};

struct Queue {
  std::string group;  ///< the key
  std::vector<Ticket> tickets;
  std::optional<GroupSession> session;
  std::vector<ClosedSession> closed;    ///< the last few, oldest first
  std::optional<Instant> closed_until;  ///< of a pool of slots (pool.h): it takes nobody before

  bool operator==(const Queue&) const = default;
};

/// True for a name below refs/ that every git takes: git-check-ref-format(1), and the length that
/// libgit2 takes (GIT_REFNAME_MAX with its end).
bool is_legal_ref(std::string_view ref);

inline constexpr std::string_view queue_file = "queue.json";
inline constexpr std::size_t most_closed_sessions = 10;
/// Nobody waits behind so many, nor behind a record of so many bytes: whoever comes then is told
/// that the line is full. Half of what the reader takes, so that sessions that begin and close in a
/// full line never make it unreadable.
inline constexpr std::size_t most_tickets = 500;
inline constexpr std::size_t longest_queue = 512u << 10;

/// True when the queue takes no more tickets as it is: one more than the bounds allow stands in it.
bool is_overfull(const Queue& queue);

/// With the ticket at the end of the line; unchanged when the claim has one already. The session
/// counts the event, after one that has expired was closed.
Queue with_ticket(Queue queue, const Ticket& ticket, const SessionLimits& limits, Instant now);

/// Without the claim's ticket; unchanged when there is none.
Queue without_ticket(Queue queue, std::string_view claim_id, Instant now);

/// 1 for the head; nullopt for who stands not in line.
std::optional<std::size_t> position(const Queue& queue, std::string_view claim_id);

/// Without the tickets at the front of which `is_dead` says so; it stops at the first that lives.
Queue without_dead_heads(Queue queue, const std::function<bool(const Ticket&)>& is_dead,
                         Instant now);

/// True when the claim that stands at the ticket's ref (nullopt: none) is not the ticket's any
/// more, has ended, or is lost by time.
bool is_dead(const Ticket& ticket, const std::optional<Claim>& claim, Instant now);

/// Why the session is over, if it is. A session is not idle while anybody is in line.
std::optional<SessionEnd> expiry(const Queue& queue, Instant now);

/// With an expired session among the closed ones.
Queue with_session_closed(Queue queue, Instant now);

/// True when nobody is in line and the last session has been over for a day, for which it is
/// listed: the ref can go.
bool is_forgettable(const Queue& queue, Instant now);

/// "idle", "max-duration", "max-events"
std::string_view name_of(SessionEnd why);

std::string encode_queue(const Queue& queue);

/// Never throws, on any text. Who meets an error leaves the record alone.
std::variant<Queue, ClaimError> decode_queue(std::string_view text);

}  // namespace refgate
