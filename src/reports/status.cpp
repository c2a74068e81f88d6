// What is live now, and who waits for whom.

#include <algorithm>
#include <map>
#include <ostream>

#include "call/commands.h"
#include "call/json_output.h"
#include "core/claim/outbox.h"
#include "core/decision/decision.h"
#include "core/text/json.h"
#include "core/words/age.h"
#include "pausing/pause_view.h"
#include "reports/due.h"
#include "reports/lost.h"
#include "state/ledgers.h"
#include "state/newest/newest_line.h"
#include "state/pause/pauses.h"
#include "state/queues.h"
#include "view/claim_view.h"
#include "view/table.h"

namespace refgate {
namespace {

using nlohmann::json;

const Claim* claim_of(const Ticket& ticket, const Claims& claims) {
  for (const StoredClaim& stored : claims.claims)
    if (stored.ref == ticket.claim_ref && stored.claim.claim_id == ticket.claim_id)
      return &stored.claim;
  return nullptr;
}

/// "head", "waiting", or "dead" for one that will be passed over.
std::string state_of(const Ticket& ticket, std::size_t place, const Claims& claims, Instant at) {
  const Claim* claim = claim_of(ticket, claims);
  if (is_dead(ticket, claim == nullptr ? std::nullopt : std::optional(*claim), at)) return "dead";
  return place == 1 ? "head" : "waiting";
}

std::string session_state(const Queue& queue, Instant at) {
  const auto over = expiry(queue, at);
  return over ? "closed (" + std::string(name_of(*over)) + ")" : "open";
}

/// The stored record with what time makes of it.
json json_of(const StoredQueue& stored, const Claims& claims, Instant at) {
  json value = json::parse(encode_queue(stored.queue));
  value["ref"] = stored.ref;
  value["object"] = stored.version.id;
  for (std::size_t i = 0; i < stored.queue.tickets.size(); ++i) {
    value["tickets"][i]["position"] = i + 1;
    value["tickets"][i]["state"] = state_of(stored.queue.tickets[i], i + 1, claims, at);
  }
  // A session that has expired is closed, whether anybody has come since or not.
  const Queue seen = with_session_closed(stored.queue, at);
  value["closed"] = json::parse(encode_queue(seen))["closed"];
  if (!seen.session) value.erase("session");
  return value;
}

using Rows = std::vector<std::vector<std::string>>;

/// When it is looked, and on what. A screen has no room for what programs want of a record: whole
/// ids, times to the millisecond, refs.
struct Look {
  Instant at;
  Screen screen;
};

Rows lines_of(const Queues& queues, const Claims& claims, const Look& look) {
  const auto& [at, screen] = look;
  Rows rows{{"GROUP", "PLACE", "STATE", "SESSION", "RUN", "ARRIVED", "CLAIM"}};
  for (const StoredQueue& stored : queues.queues)
    for (std::size_t i = 0; i < stored.queue.tickets.size(); ++i) {
      const Ticket& ticket = stored.queue.tickets[i];
      rows.push_back({stored.queue.group, std::to_string(i + 1),
                      state_of(ticket, i + 1, claims, at), ticket.event,
                      ticket.run_id.empty() ? "-" : ticket.run_id, age(ticket.arrived_at, at),
                      claim_id_cell(ticket.claim_id, screen)});
    }
  return rows;
}

std::vector<std::string> session_row(const std::string& group, const GroupSession& session,
                                     const std::string& state, const Look& look) {
  const auto& [at, screen] = look;
  return {group,
          std::to_string(session.number),
          state,
          screen.width > 0 ? age(session.started_at, at) : format_rfc3339(session.started_at),
          age(session.last_activity, at),
          std::to_string(session.events),
          session.affinity + " (" + std::to_string(session.affine) + " of " +
              std::to_string(session.events) + ")"};
}

Rows sessions_of(const Queues& queues, const Look& look) {
  Rows rows{{"GROUP", "NO", "STATE", "STARTED", "LAST ACTIVITY", "EVENTS", "AFFINITY"}};
  for (const StoredQueue& stored : queues.queues) {
    for (const ClosedSession& closed : stored.queue.closed)
      rows.push_back(session_row(stored.queue.group, closed.session,
                                 "closed (" + std::string(name_of(closed.why)) + ")", look));
    if (stored.queue.session)
      rows.push_back(session_row(stored.queue.group, *stored.queue.session,
                                 session_state(stored.queue, look.at), look));
  }
  return rows;
}

/// Sessions of an older head that were not known to have ended may live on.
Rows heads_of(const NewestLines& heads, const Look& look) {
  Rows rows{{"BRANCH", "NEWEST", "RUN", "SINCE", "OLDER", "LINE"}};
  for (const auto& [ref, version, newest] : heads.lines)
    rows.push_back({newest.branch, newest.move.commit.substr(0, 8),
                    newest.run_id.empty() ? "-" : newest.run_id, age(newest.at, look.at),
                    std::to_string(newest.older.size()), ref});
  if (look.screen.width > 0)
    for (auto& row : rows)
      row.pop_back();
  return rows;
}

json json_of(const StoredNewest& stored) {
  return {{"ref", stored.ref},
          {"branch", stored.newest.branch},
          {"commit", stored.newest.move.commit},
          {"run_id", stored.newest.run_id},
          {"run_url", stored.newest.run_url},
          {"at", format_rfc3339(stored.newest.at)},
          {"burst_since", format_rfc3339(stored.newest.burst_since)},
          {"started",
           stored.newest.started ? json(format_rfc3339(*stored.newest.started)) : json(nullptr)},
          {"older", stored.newest.older.size()}};
}

/// "in use", "waiting", or "dead": how many slots there are is what each caller says.
std::string state_in(const std::string& pool, const Ticket& ticket, const Claims& claims,
                     Instant at) {
  const Claim* claim = claim_of(ticket, claims);
  switch (slot_state(ticket, claim == nullptr ? std::nullopt : std::optional(*claim), pool, at)) {
    case SlotState::in_use:
      return "in use";
    case SlotState::waiting:
      return "waiting";
    case SlotState::gone:
      break;
  }
  return "dead";
}

json json_of_pool(const StoredQueue& stored, const Claims& claims, Instant at) {
  json value = json::parse(encode_queue(stored.queue));
  value.erase("group");
  value.erase("closed");
  value["pool"] = pool_named(stored.ref);
  value["ref"] = stored.ref;
  value["object"] = stored.version.id;
  const auto closed = closed_until(stored.queue, at);
  value["closed_until"] = closed ? json(format_rfc3339(*closed)) : json();
  for (std::size_t i = 0; i < stored.queue.tickets.size(); ++i) {
    value["tickets"][i]["position"] = i + 1;
    value["tickets"][i]["state"] = state_in(stored.ref, stored.queue.tickets[i], claims, at);
  }
  return value;
}

Rows slots_of(const Queues& pools, const Claims& claims, const Look& look) {
  const auto& [at, screen] = look;
  Rows rows{{"POOL", "PLACE", "STATE", "SESSION", "RUN", "ARRIVED", "CLAIM"}};
  for (const StoredQueue& stored : pools.queues) {
    const std::string pool = pool_named(stored.ref);
    if (const auto closed = closed_until(stored.queue, at))
      rows.push_back({pool, "-", "closed until " + until_text(*closed), "-", "-", "-", "-"});
    for (std::size_t i = 0; i < stored.queue.tickets.size(); ++i) {
      const Ticket& ticket = stored.queue.tickets[i];
      rows.push_back({pool, std::to_string(i + 1), state_in(stored.ref, ticket, claims, at),
                      ticket.event, ticket.run_id.empty() ? "-" : ticket.run_id,
                      age(ticket.arrived_at, at), claim_id_cell(ticket.claim_id, screen)});
    }
  }
  return rows;
}

/// Who is in line, for what.
struct AllLines {
  const Queues& queues;
  const Queues& pools;
  const NewestLines& heads;
};

int show_queues(const Invocation& call, const AllLines& all, const Claims& claims, Instant at) {
  const auto& [queues, pools, heads] = all;
  if (call.flag("json")) {
    json groups = json::array();
    for (const StoredQueue& stored : queues.queues)
      groups.push_back(json_of(stored, claims, at));
    json newest = json::array();
    for (const StoredNewest& stored : heads.lines)
      newest.push_back(json_of(stored));
    json slots = json::array();
    for (const StoredQueue& stored : pools.queues)
      slots.push_back(json_of_pool(stored, claims, at));
    print_json(call.out, {{"queues", std::move(groups)},
                          {"newest", std::move(newest)},
                          {"slots", std::move(slots)}});
    return exit_done;
  }
  const Look look{at, screen_of(call)};
  const Rows lines = lines_of(queues, claims, look);
  call.out << (lines.size() == 1 ? "Nobody is in line.\n" : table_of(lines, look.screen));
  for (const Rows& rows :
       {sessions_of(queues, look), heads_of(heads, look), slots_of(pools, claims, look)})
    if (rows.size() > 1) call.out << "\n" << table_of(rows, look.screen);
  return exit_done;
}

int show_due(const Invocation& call, const Settings& settings, Store& store, const Claims& claims,
             Instant at) {
  // As far back as any claim here was begun: those who were skipped since are named.
  Instant since = at;
  for (const StoredClaim& stored : claims.claims)
    if (stored.claim.until) since = std::min(since, stored.claim.claimed_at);
  const Record record = read_record(store, settings.name_space, claims,
                                    {since - settings.policy.skew, Instant::max()});
  name_unreadable(call, record.unreadable);
  return show_due(call, claims, record, at);
}

/// What a look at all of the state shows.
struct Seen {
  const Claims& claims;
  const Queues& queues;
  const std::vector<Pause>& pauses;
};

std::string word_or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::vector<Cell> row_of(const Claim& claim, Instant at, const Screen& screen) {
  std::string state = state_text(claim, at);
  // A terminal has no room for what show tells.
  if (claim.until && screen.width == 0) state += " until " + until_text(*claim.until);
  const Holder& holder = claim.holder;
  const std::string run = word_or_dash(holder.run_id);
  return {{claim.session_key},
          {std::move(state)},
          {word_or_dash(holder.actor)},
          {word_or_dash(claim.workflow)},
          {age(claim.claimed_at, at)},
          {holder.run_url.empty() ? run : holder.run_url, holder.run_url, run}};
}

/// By time, as log tells them.
std::vector<const StoredClaim*> by_time(const Claims& claims) {
  std::vector<const StoredClaim*> sorted;
  for (const StoredClaim& stored : claims.claims)
    sorted.push_back(&stored);
  std::stable_sort(sorted.begin(), sorted.end(), [](const StoredClaim* a, const StoredClaim* b) {
    return a->claim.claimed_at < b->claim.claimed_at;
  });
  return sorted;
}

int show_sessions(const Invocation& call, const Seen& seen, Instant at) {
  const auto& [claims, queues, pauses] = seen;
  std::map<std::string, std::size_t> places;
  for (const StoredQueue& stored : queues.queues)
    for (std::size_t i = 0; i < stored.queue.tickets.size(); ++i)
      places[stored.queue.tickets[i].claim_id] = i + 1;
  json list = json::array();
  const Screen screen = screen_of(call);
  std::vector<std::vector<Cell>> rows{
      {{"SESSION"}, {"STATE"}, {"WHO"}, {"WORKFLOW"}, {"SINCE"}, {"RUN"}}};
  for (const StoredClaim* stored : by_time(claims)) {
    const Claim& claim = stored->claim;
    if (claim.state == ClaimState::ended && !call.flag("all")) continue;
    list.push_back(json::parse(claim_json(*stored, at)));
    if (const auto place = places.find(claim.claim_id); place != places.end())
      list.back()["position"] = place->second;
    rows.push_back(row_of(claim, at, screen));
  }
  if (call.flag("json")) {
    std::uint64_t left_out = 0;
    for (const Claim* claim : claims.all())
      left_out += lines_left_out(*claim);
    print_json(
        call.out,
        {{"left_out", left_out}, {"pauses", json_of(pauses)}, {"sessions", std::move(list)}});
    return exit_done;
  }
  call.out << (rows.size() == 1 ? "No live sessions.\n" : table_of(rows, screen));
  const Rows lines = lines_of(queues, claims, {at, screen});
  if (lines.size() > 1) call.out << "\n" << table_of(lines, screen);
  if (screen.width > 0)
    call.out << (rows.size() == 1
                     ? "Those that have ended: refgate status --all; the record: refgate log\n"
                     : "Details: refgate show RUN; free one: refgate release RUN --reason '…'\n");
  return exit_done;
}

/// Whatever is shown: what cannot be read there is named.
Foreseen all_state(const std::string& name_space, bool with_record) {
  Foreseen all{{claims_prefix(name_space), queues_prefix(name_space), budgets_prefix(name_space),
                pause_ref(name_space), newest_prefix(name_space), slots_prefix(name_space)},
               {}};
  if (with_record) all.listed.push_back(notes_prefix(name_space));
  return all;
}

}  // namespace

int command_status(const Invocation& call) {
  const Settings settings = settings_of(call);
  if (call.flag("take") && !call.flag("lost"))
    throw UsageError("--take N goes with --lost; nothing was read");
  if (call.flag("due") && call.flag("lost"))
    throw UsageError("--lost and --due ask two questions: give one of them; nothing was read");
  const auto store = store_of(call, settings);
  const bool reads_record = call.flag("lost") || call.flag("due");
  store->foresee(all_state(settings.name_space, reads_record));
  const Claims claims = read_claims(*store, settings.name_space);
  const Queues queues = read_queues(*store, settings.name_space);
  const Ledgers ledgers = read_ledgers(*store, settings.name_space);
  const StoredPauses pauses = read_pauses(*store, settings.name_space);
  const NewestLines heads =
      newest_lines_in(store->read_all(newest_prefix(settings.name_space)), settings.name_space);
  const Queues pools = read_pools(*store, settings.name_space);
  const Instant at = now();
  bool all_read = true;
  for (const auto* unreadable : {&pauses.unreadable, &heads.unreadable, &claims.unreadable,
                                 &queues.unreadable, &pools.unreadable, &ledgers.unreadable}) {
    name_unreadable(call, *unreadable);
    all_read = all_read && unreadable->empty();
  }
  name_left_out(call, claims);
  const std::vector<Pause> standing = pauses.standing(at);
  if (!call.flag("json") && !call.flag("take")) tell_pauses(call.out, standing);
  const int answer = call.flag("queues") ? show_queues(call, {queues, pools, heads}, claims, at)
                     : call.flag("lost") ? show_lost(call, settings, *store, claims, at)
                     : call.flag("due")  ? show_due(call, settings, *store, claims, at)
                                         : show_sessions(call, {claims, queues, standing}, at);
  // What could not be read may be a session: nobody may take the rest for all.
  return answer == exit_done && !all_read ? exit_store : answer;
}

}  // namespace refgate
