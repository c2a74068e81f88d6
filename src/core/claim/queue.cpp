#include "core/claim/queue.h"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

#include "core/text/json.h"
#include "core/text/record_json.h"

namespace refgate {
namespace {

using nlohmann::json;
using record::Broken, record::instant, record::list, record::member, record::named, record::number,
    record::span, record::text;

constexpr int queue_version = 2;
constexpr record::Form form{.what = "queue", .version = queue_version};
constexpr Duration closed_are_listed_for = std::chrono::hours(24);

ClaimError error_of(const record::Problem& problem) {
  return {problem.newer_version ? ClaimErrorKind::newer_version : ClaimErrorKind::broken,
          problem.message};
}

constexpr std::array<EnumName<SessionEnd>, 3> session_ends{
    {{SessionEnd::idle, "idle"},
     {SessionEnd::max_duration, "max-duration"},
     {SessionEnd::max_events, "max-events"}}};

std::string stored(Duration value) { return std::to_string(value.count()) + "ms"; }

json record_of(const Ticket& ticket) {
  return {{"claim_id", ticket.claim_id},
          {"claim_ref", ticket.claim_ref},
          {"run_id", ticket.run_id},
          {"run_url", ticket.run_url},
          {"event", ticket.event},
          {"workflow", ticket.workflow},
          {"arrived_at", format_rfc3339(ticket.arrived_at)}};
}

Ticket read_ticket(const json& object) {
  Ticket ticket{text(object, "claim_id"),     text(object, "claim_ref"), text(object, "run_id"),
                text(object, "run_url"),      text(object, "event"),     text(object, "workflow"),
                instant(object, "arrived_at")};
  if (ticket.claim_id.empty()) throw Broken("a ticket names no claim");
  if (!is_legal_ref(ticket.claim_ref))
    throw Broken("the \"claim_ref\" of a ticket is no legal name of a ref");
  return ticket;
}

json record_of(const GroupSession& session) {
  return {{"number", session.number},
          {"started_at", format_rfc3339(session.started_at)},
          {"last_activity", format_rfc3339(session.last_activity)},
          {"events", session.events},
          {"affinity", session.affinity},
          {"affine", session.affine},
          {"limits",
           {{"max_duration", stored(session.limits.max_duration)},
            {"max_events", session.limits.max_events},
            {"idle_timeout", stored(session.limits.idle_timeout)}}}};
}

GroupSession read_session(const json& object) {
  GroupSession session;
  session.number = number<std::uint64_t>(object, "number");
  session.started_at = instant(object, "started_at");
  session.last_activity = instant(object, "last_activity");
  session.events = number<unsigned>(object, "events");
  session.affinity = text(object, "affinity");
  session.affine = number<unsigned>(object, "affine");
  const json& limits = member(object, "limits");
  session.limits = {span(limits, "max_duration"), number<unsigned>(limits, "max_events"),
                    span(limits, "idle_timeout")};
  return session;
}

Queue read_queue(const json& object) {
  Queue queue;
  queue.group = text(object, "group");
  for (const json& ticket : list(object, "tickets", most_tickets))
    queue.tickets.push_back(read_ticket(ticket));
  if (const auto session = object.find("session"); session != object.end())
    queue.session = read_session(*session);
  if (object.contains("closed_until")) queue.closed_until = instant(object, "closed_until");
  for (const json& closed : list(object, "closed", most_closed_sessions)) {
    const auto why = find_in(session_ends, text(closed, "why"));
    if (!why) throw Broken("\"why\" is none of the known words");
    queue.closed.push_back(
        {read_session(member(closed, "session")), instant(closed, "ended_at"), *why});
  }
  return queue;
}

}  // namespace

bool is_legal_ref(std::string_view ref) {
  constexpr std::size_t longest_ref = 1023;
  if (!ref.starts_with("refs/") || ref.size() > longest_ref || ref.ends_with('.')) return false;
  if (ref.find("..") != ref.npos || ref.find("@{") != ref.npos ||
      ref.find_first_of(" ~^:?*[\\\x7f") != ref.npos)
    return false;
  if (std::any_of(ref.begin(), ref.end(), [](unsigned char byte) { return byte < 0x20; }))
    return false;
  for (std::size_t begin = 0; begin <= ref.size();) {
    const std::string_view part = ref.substr(begin, ref.find('/', begin) - begin);
    if (part.empty() || part.starts_with('.') || part.ends_with(".lock")) return false;
    begin += part.size() + 1;
  }
  return true;
}

bool is_overfull(const Queue& queue) {
  return queue.tickets.size() > most_tickets || encode_queue(queue).size() > longest_queue;
}

std::string_view name_of(SessionEnd why) { return name_in(session_ends, why); }

std::optional<SessionEnd> expiry(const Queue& queue, Instant now) {
  if (!queue.session) return std::nullopt;
  const GroupSession& session = *queue.session;
  if (session.events >= session.limits.max_events) return SessionEnd::max_events;
  const Instant longest = session.started_at + session.limits.max_duration;
  const Instant idle = session.last_activity + session.limits.idle_timeout;
  // Whatever came first, however late anybody looks.
  if (queue.tickets.empty() && now >= idle && idle < longest) return SessionEnd::idle;
  if (now >= longest) return SessionEnd::max_duration;
  return std::nullopt;
}

Queue with_session_closed(Queue queue, Instant now) {
  const auto why = expiry(queue, now);
  if (!why) return queue;
  const GroupSession& session = *queue.session;
  // It ended when its limit was reached, not when somebody came to see it.
  const Instant ended =
      *why == SessionEnd::idle           ? session.last_activity + session.limits.idle_timeout
      : *why == SessionEnd::max_duration ? session.started_at + session.limits.max_duration
                                         : session.last_activity;
  queue.closed.push_back({session, ended, *why});
  if (queue.closed.size() > most_closed_sessions) queue.closed.erase(queue.closed.begin());
  queue.session.reset();
  return queue;
}

Queue with_ticket(Queue queue, const Ticket& ticket, const SessionLimits& limits, Instant now) {
  if (position(queue, ticket.claim_id)) return queue;
  queue = with_session_closed(std::move(queue), now);
  if (!queue.session) {
    GroupSession session;
    session.number = queue.closed.empty() ? 1 : queue.closed.back().session.number + 1;
    session.started_at = now;
    session.affinity = ticket.workflow;
    queue.session = session;
  }
  queue.session->limits = limits;
  queue.session->last_activity = now;
  ++queue.session->events;
  if (queue.session->affinity == ticket.workflow) ++queue.session->affine;
  queue.tickets.push_back(ticket);
  return queue;
}

Queue without_ticket(Queue queue, std::string_view claim_id, Instant now) {
  const auto gone = std::erase_if(
      queue.tickets, [&](const Ticket& ticket) { return ticket.claim_id == claim_id; });
  if (gone > 0 && queue.session)
    queue.session->last_activity = std::max(queue.session->last_activity, now);
  return queue;
}

std::optional<std::size_t> position(const Queue& queue, std::string_view claim_id) {
  for (std::size_t i = 0; i < queue.tickets.size(); ++i)
    if (queue.tickets[i].claim_id == claim_id) return i + 1;
  return std::nullopt;
}

Queue without_dead_heads(Queue queue, const std::function<bool(const Ticket&)>& is_dead,
                         Instant now) {
  while (!queue.tickets.empty() && is_dead(queue.tickets.front())) {
    const std::string claim_id = queue.tickets.front().claim_id;
    queue = without_ticket(std::move(queue), claim_id, now);
  }
  return queue;
}

bool is_dead(const Ticket& ticket, const std::optional<Claim>& claim, Instant now) {
  return !claim || claim->claim_id != ticket.claim_id || claim->state == ClaimState::ended ||
         now >= claim->lease_until + claim->limits.skew;
}

bool is_forgettable(const Queue& queue, Instant now) {
  if (!queue.tickets.empty()) return false;
  const Queue closed = with_session_closed(queue, now);
  return !closed.session &&
         (closed.closed.empty() || now >= closed.closed.back().ended_at + closed_are_listed_for);
}

std::string encode_queue(const Queue& queue) {
  json record = {{"version", queue_version},
                 {"group", queue.group},
                 {"tickets", json::array()},
                 {"closed", json::array()}};
  for (const Ticket& ticket : queue.tickets)
    record["tickets"].push_back(record_of(ticket));
  if (queue.session) record["session"] = record_of(*queue.session);
  if (queue.closed_until) record["closed_until"] = format_rfc3339(*queue.closed_until);
  for (const ClosedSession& closed : queue.closed)
    record["closed"].push_back({{"session", record_of(closed.session)},
                                {"ended_at", format_rfc3339(closed.ended_at)},
                                {"why", name_of(closed.why)}});
  return record.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<Queue, ClaimError> decode_queue(std::string_view source) {
  const auto opened = record::open(source, form);
  if (const auto* problem = std::get_if<record::Problem>(&opened)) return error_of(*problem);
  try {
    return read_queue(std::get<json>(opened));
  } catch (const record::Broken& error) {
    return error_of(record::broken(form, error.what()));
  }
}

}  // namespace refgate
