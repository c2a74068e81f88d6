#include "job/gate/waiting.h"

#include <algorithm>
#include <optional>
#include <ostream>

#include "core/claim/transition.h"
#include "core/event/scope.h"
#include "core/words/shorten.h"
#include "job/gate/debounce.h"
#include "job/gate/outage.h"
#include "job/gate/pausing.h"
#include "job/gate/place_in_line.h"
#include "job/gate/superseding.h"
#include "job/note/health_file.h"
#include "job/subject/noted_claim.h"
#include "job/verdict/told_wait.h"
#include "os/interruption.h"
#include "os/patience.h"
#include "runner/runner.h"
#include "state/doors.h"
#include "state/queues.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// A cancelled step has 7.5 s before it is killed, and may be in the middle of a look.
constexpr Duration bound_of_giving_back = 3500ms;
/// Of who was not to wait, and has used up its deadline.
constexpr Duration least_to_give_back = 1s;
/// How often the REST API is asked about one holder: GitHub allows 1,000 calls an hour and
/// repository.
constexpr Duration between_lookups = 60s;

/// What was won while a signal came is left to the next one.
void give_up(const Asking& asking, Acquired& acquired) {
  const auto& [call, store, request, ordering, settings, state, informants] = asking;
  if (acquired.decision.verdict != Verdict::run) return;
  const Claim claim = *acquired.decision.next;
  // A session that had begun before; what was won by a push without a reply is `own`, too.
  if (acquired.decision.code == ReasonCode::own && claim.claim_id != request.nonce) return;
  give_time(store, std::min(bound_of_giving_back, settings.policy.deadline));
  update_claim(
      store, {request.scope, claim.claim_id, settings.name_space, {claim, acquired.version}},
      [](const Claim& held) {
        return abandon_claim(held, "it was cancelled while it waited", now());
      },
      Publish::everything);
  state.remove(claim.claim_id);
  HealthFile(state, claim.claim_id).remove();
  acquired.decision =
      skip_for(request, now(), ReasonCode::wait_expired, "Cancelled while it stood by");
  acquired.version.reset();
}

void leave_interrupted(const Asking& asking, int signal, Ordered& ordered) {
  give_up(asking, ordered.acquired);
  ordered.interrupted_by = signal;
}

/// Waits beside the holder of the work until it has ended or was lost, and decides again.
Ordered stand_by(const Asking& asking, SeenClaim known) {
  const auto& [call, store, request, ordering, settings, state, informants] = asking;
  const Policy& policy = settings.policy;
  const auto until = Clock::now() + policy.wait;
  Ordered ordered;
  ordered.acquired = acquire_with_note(store, state, asking.question(policy), std::move(known));
  if (policy.no_wait || policy.wait <= Duration::zero()) return ordered;
  const Interruption interruption;
  Patience patience;
  Instant asked = now();
  ToldWait told;
  SeenClaim last;  ///< seen since it was decided; the holder is the same
  bool answered = true;
  Outage outage;
  for (;;) {
    const Decision& decision = ordered.acquired.decision;
    const std::optional<Claim>& holder = ordered.acquired.holder;
    const bool held = decision.verdict == Verdict::skip &&
                      (is_promise(decision.code) || decision.code == ReasonCode::queued) &&
                      holder && holder->state != ClaimState::ended;
    if (!held) return ordered;
    // A run never waits for itself: where jobs of it share the work, the first one has it.
    if (request.in_run && !request.holder.run_id.empty() &&
        holder->holder.run_id == request.holder.run_id &&
        holder->holder.run_attempt == request.holder.run_attempt)
      return ordered;
    if (told.is_due(holder->claim_id, Clock::now()))
      call.err << "refgate: standing by for "
               << escape_for(Place::line,
                             describe_holder(*holder, now()) + waits_until(until, now()))
               << "\n"
               << std::flush;
    const auto left = std::chrono::duration_cast<Duration>(until - Clock::now());
    if (left <= Duration::zero()) {
      // What is told is as of now.
      if (last.claim && answered) {
        give_time(store, policy.deadline);
        request.nonce = fresh_nonce();
        ordered.acquired =
            acquire_with_note(store, state, asking.question(policy), std::move(last));
      }
      if (interruption.signal() != 0) leave_interrupted(asking, interruption.signal(), ordered);
      return ordered;
    }
    if (!interruption.sleep(std::min(outage.is() ? outage.pause() : patience.next(1), left))) {
      ordered.interrupted_by = interruption.signal();
      return ordered;
    }
    const auto looked = Clock::now();
    give_time(store, outage.time_for_a_look(until, policy.deadline));
    try {
      // The doors anew: what is taken up by another look could be claimed at two of them.
      SeenClaim seen = look_at_doors(store, request, Meeting::leave);
      outage.ends();
      if (answered)
        if (auto paused = paused_meanwhile(asking, seen)) {
          ordered.acquired = std::move(*paused);
          return ordered;
        }
      const Instant at = now();
      const bool changed = !seen.claim || seen.claim->claim_id != holder->claim_id ||
                           seen.claim->state != holder->state || is_lost(*seen.claim, at);
      if (!changed && at < asked + between_lookups) {
        last = std::move(seen);
        continue;
      }
      last = {};
      asked = at;
      // A claim that was sent and not answered may be made: then it is found by its id.
      if (answered)
        request.nonce = fresh_nonce();
      else
        request.presented.push_back(request.nonce);
      answered = false;
      ordered.acquired = acquire_with_note(store, state, asking.question(policy), std::move(seen));
      answered = true;
    } catch (const StoreError& error) {
      outage.lasts(error, looked);
      if (outage.outlasts(until)) throw;
      call.err << "refgate: " << escape_for(Place::line, error.what()) << "; still standing by\n"
               << std::flush;
      continue;
    }
    if (interruption.signal() != 0) {
      leave_interrupted(asking, interruption.signal(), ordered);
      return ordered;
    }
  }
}

/// A run stands in a line once, and never waits for itself: where another job of it has its turn,
/// this one goes along.
bool own_run_is_at_the_head(Store& store, const Request& request, const Ordering& ordering,
                            const Settings& settings) {
  if (!request.in_run || request.holder.run_id.empty()) return false;
  const std::string line = queue_ref(ordering.group, settings.name_space);
  const SeenQueue seen = queue_in(store.read(std::span(&line, 1)), line);
  if (!seen.queue || seen.queue->tickets.empty()) return false;
  const Ticket& head = seen.queue->tickets.front();
  if (head.run_id != request.holder.run_id) return false;
  const SeenClaim claim = read_claim(store, head.claim_ref);
  return claim.claim && claim.claim->claim_id == head.claim_id &&
         claim.claim->state == ClaimState::active &&
         claim.claim->holder.run_attempt == request.holder.run_attempt &&
         !shows(request, *claim.claim);
}

struct Place {
  const Line* line;
  std::size_t place;
  Ticket head;  ///< the first who lives
};

/// What `--no-wait` sees without touching anything: a place in a line behind as many who live as
/// have their turn there. nullopt: go on.
std::optional<Place> place_without_standing(const Asking& asking, const std::vector<Line>& lines) {
  const auto& [call, store, request, ordering, settings, state, informants] = asking;
  std::vector<std::string> refs;
  for (const Line& line : lines)
    refs.push_back(line.ref);
  const auto seen = store.read(refs);
  refs.clear();
  for (const Line& line : lines)
    if (const SeenQueue queue = queue_in(seen, line.ref); queue.queue)
      for (const Ticket& ticket : queue.queue->tickets)
        refs.push_back(ticket.claim_ref);
  if (refs.empty()) return std::nullopt;
  const auto read = store.read(refs);
  const Instant at = now();
  for (const Line& line : lines) {
    const SeenQueue queue = queue_in(seen, line.ref);
    std::size_t alive = 0;
    std::optional<Ticket> head;
    std::optional<Ticket> unreadable;
    std::size_t asked = 0;
    bool passes = !queue.queue;
    for (const Ticket& ticket : queue.queue ? queue.queue->tickets : std::vector<Ticket>()) {
      const std::optional<Claim> claim = claim_at(read, ticket.claim_ref);
      // What this very job, or this very piece of work, has in line is the decision's affair.
      passes = ticket.claim_ref == request.scope ||
               (claim && claim->claim_id == ticket.claim_id && shows(request, *claim));
      // A run never waits for itself.
      passes = passes || (!line.is_pool && alive == 0 && is_of_own_run(ticket, request) &&
                          !is_dead(ticket, claim, at));
      if (passes) break;
      if (is_foreign(read, ticket.claim_ref)) {
        ++alive;
        if (!head) head = ticket;
        if (!unreadable) unreadable = ticket;
        continue;
      }
      if (is_dead(ticket, claim, at)) continue;
      if (line.is_pool &&
          (has_left(ticket, claim, line.ref) || is_of_this_job(*claim, request, state)))
        continue;
      // Whose head is the newest may end the very session that it would stand behind.
      if (informants.is_replaced && informants.is_replaced(ticket.claim_id)) continue;
      // Whoever is next asks, once about each that stands before it: nobody else may be there to do
      // it.
      if (alive < line.heads && asked < most_asked_at_once && informants.holder_run) {
        ++asked;
        if (informants.holder_run(*claim) == RunEnded::yes) continue;
      }
      ++alive;
      if (!head) head = ticket;
    }
    if (passes || !head || alive < line.heads) continue;
    if (unreadable) throw unreadable_before(*unreadable, read, line);
    return Place{&line, alive + 1, *std::move(head)};
  }
  return std::nullopt;
}

/// In the order in which they are gone through: who holds a slot never waits for a turn.
std::vector<Line> lines_before(const Ordering& ordering, const std::string& name_space,
                               bool has_its_turn) {
  std::vector<Line> lines;
  if (!ordering.group.empty() && !has_its_turn)
    lines.push_back({queue_ref(ordering.group, name_space), ordering.group});
  if (ordering.pool.empty()) return lines;
  if (!lines.empty()) lines.back().starts = false;
  lines.push_back({ordering.pool, pool_named(ordering.pool), true, ordering.slots});
  return lines;
}

/// Not a skip, nor a session of this job that has started before: what nobody was told of has not,
/// even where its claim says so, whose place may have come too late.
bool stands_in_line(const Acquired& acquired, const JobState& state, bool waits_already) {
  const Decision& decision = acquired.decision;
  if (decision.verdict == Verdict::skip) return false;
  if (decision.next->state == ClaimState::waiting || waits_already) return true;
  return decision.code == ReasonCode::own && is_untold(state, decision.next->claim_id);
}

/// For the record, why a claim was given back.
std::string why_held_back(ReasonCode code) {
  if (code == ReasonCode::paused) return "it was paused while it waited";
  if (code == ReasonCode::limited) return "its pool was closed meanwhile";
  if (code == ReasonCode::breaker) return "its workflow's breaker opened meanwhile";
  if (code == ReasonCode::superseded) return "a newer head of its branch came meanwhile";
  return "what it waited for is spent";
}

Duration patience_of(const Policy& policy) {
  return policy.wait > Duration::zero() || policy.waits_for_nothing ? policy.wait : wait_in_group;
}

/// Where it waited, for people; in a line, at which place.
struct Where {
  std::string text;  ///< "in line of group …", "for its branch to be calm"
  std::size_t place = 0;
  std::optional<Ticket> head;
  Duration patience{};
  std::optional<Clock::time_point> due{};  ///< the call's deadline, where nothing was waited for
};

/// Who it was that it waited for, and what a person may do about that.
std::string who_is_first(const Ticket& head, const Request& request) {
  const bool named = !head.run_id.empty();
  return ", at its head " + (named ? "run " + head.run_id : "a caller without a run id") + " (" +
         head.event + ")" + of_own_run(head, request) +
         (head.run_url.empty() ? "" : ", " + head.run_url) +
         (named ? ". If that is stuck, free it: " + how_to_free(head.run_id)
                : ". Who else is in line: refgate status --queues");
}

Decision gave_up(const Request& request, ReasonCode code, const Where& where,
                 const std::string& why) {
  const std::string place = where.place > 0 ? "place " + std::to_string(where.place) + " " : "";
  Decision decision =
      skip_for(request, now(), code,
               why + ": " + place + where.text +
                   (where.head ? who_is_first(*where.head, request) : std::string()));
  if (where.head) decision.line->holder_run_id = shortened(where.head->run_id, bounds::word);
  return decision;
}

/// What comes of one wait. True: decide again.
bool go_on(const Asking& asking, WaitingClaim& waiting, Turn turn, const Where& where,
           Ordered& ordered) {
  const auto& [call, store, request, ordering, settings, state, informants] = asking;
  const Policy& policy = settings.policy;
  if (turn == Turn::ours) {
    // What follows has the call's time, not what the last look left of its own.
    give_time(store, where.due ? left_until(*where.due) : policy.deadline);
    ordered.acquired.decision.next = waiting.claim();
    ordered.acquired.version = waiting.version();
    return false;
  }
  if (turn == Turn::interrupted)
    give_time(store, std::min(bound_of_giving_back, policy.deadline));
  else
    give_time(store,
              where.due ? std::max(left_until(*where.due), least_to_give_back) : policy.deadline);
  ordered.position = where.place;
  ordered.head = where.head;
  ordered.line = where.text;
  Decision& decision = ordered.acquired.decision;
  const auto leave = [&](const std::string& why, ReasonCode code, const std::string& told) {
    waiting.leave(why);
    decision = gave_up(asking.request, code, where, told);
  };
  switch (turn) {
    case Turn::taken:
      return_ticket(store, settings.name_space, waiting.claim());
      state.remove(request.nonce);
      request.nonce = fresh_nonce();
      return true;
    case Turn::ended:
      return_ticket(store, settings.name_space, waiting.claim());
      state.remove(waiting.claim().claim_id);
      HealthFile(state, waiting.claim().claim_id).remove();
      ordered.position = 0;
      ordered.head.reset();
      decision = skip_for(
          request, now(),
          waiting.superseded_by().empty() ? ReasonCode::wait_expired : ReasonCode::superseded,
          waiting.ended() + ", " + where.text);
      break;
    case Turn::held_back:
      ordered.position = 0;
      ordered.head.reset();
      waiting.leave(why_held_back(waiting.held_back().code));
      decision = waiting.held_back();
      break;
    case Turn::full:
      leave("the line was full", ReasonCode::queued, "The line is full");
      break;
    case Turn::not_yet:
      leave("it was not its turn", ReasonCode::queued, "Not its turn (--no-wait)");
      break;
    case Turn::interrupted:
      leave("it was cancelled while it waited", ReasonCode::wait_expired,
            "Cancelled while it waited");
      break;
    default:
      leave("its turn did not come within " + format_duration(where.patience),
            ReasonCode::wait_expired, "Its turn did not come");
      break;
  }
  ordered.acquired.version.reset();
  return false;
}

/// A wait for calm has no place, and no bound but that of the burst.
bool settle(const Asking& asking, bool starts, const Interruption& interruption, Ordered& ordered) {
  Debounce debounce(asking, ordered.acquired, starts);
  const Turn turn = debounce.wait(interruption);
  ordered.interrupted_by = turn == Turn::interrupted ? interruption.signal() : 0;
  return go_on(asking, debounce, turn, {"for its branch to be calm", 0, std::nullopt, {}}, ordered);
}

bool stand_in_line(const Asking& asking, const Line& line, WaitEnds& ends,
                   const Interruption& interruption, Ordered& ordered) {
  PlaceInLine place(asking, ordered.acquired, line, ends);
  const Turn turn = place.wait(interruption);
  if (place.stands() && !asking.settings.policy.no_wait) ends.due.reset();
  ordered.interrupted_by = turn == Turn::interrupted ? interruption.signal() : 0;
  return go_on(
      asking, place, turn,
      {in_line(line), place.place(), place.head(), patience_of(asking.settings.policy), ends.due},
      ordered);
}

}  // namespace

Ordering ordering_of(const Settings& settings, const Subject& subject, Instant now) {
  const Event& event = subject.event;
  const Bot& bot = bot_row(settings, event.actor);
  Ordering ordering;
  ordering.limits = bot.limits;
  ordering.strategy = !settings.group_by.empty() ? settings.group_by : bot.strategy;
  if (ordering.strategy.empty()) {
    const auto rest = settings.bots.find("default");
    ordering.strategy = rest == settings.bots.end() || rest->second.strategy.empty()
                            ? "none"
                            : rest->second.strategy;
  }
  const auto strategy = parse_strategy(ordering.strategy);
  if (const auto* error = std::get_if<std::string>(&strategy)) throw UsageError(*error);
  // Claims and tickets hold it, and the name of the line is made of it: bounded once, for all.
  ordering.group =
      shortened(group_key(std::get<Strategy>(strategy), event, now).value_or(""), bounds::address);
  const Policy& policy = settings.policy;
  if (policy.settle > Duration::zero()) ordering.settles = newest_place(subject, settings);
  if (!policy.slots || policy.force) return ordering;
  ordering.pool = slots_ref(policy.slots->pool, event.charged_to, settings.name_space);
  ordering.slots = policy.slots->most;
  return ordering;
}

std::string in_line(const Line& line) {
  if (!line.is_pool) return "in line of group " + line.name;
  return "in line for " +
         (line.heads == 1 ? "the slot" : "the " + std::to_string(line.heads) + " slots") + " of " +
         line.name;
}

Ordered acquire_in_order(const Asking& asking, SeenClaim known) {
  const auto& [call, store, request, ordering, settings, state, informants] = asking;
  request.group = ordering.group;
  request.slots = ordering.pool;
  // Who only watches waits for nothing.
  const bool settles = ordering.settles && !settings.policy.observe;
  if (ordering.group.empty() && ordering.pool.empty() && !settles)
    return stand_by(asking, std::move(known));

  const Policy& policy = settings.policy;
  if (policy.force) {
    // In no group either: it is not processed in order.
    request.group.clear();
    Ordered ordered;
    ordered.group = ordering.group;
    ordered.acquired = acquire_with_note(store, state, asking.question(policy), std::move(known));
    return ordered;
  }
  const bool has_its_turn =
      !ordering.group.empty() && own_run_is_at_the_head(store, request, ordering, settings);
  if (has_its_turn) request.group.clear();
  const std::vector<Line> lines = lines_before(ordering, settings.name_space, has_its_turn);
  if (lines.empty() && !settles) return stand_by(asking, std::move(known));
  std::optional<WaitEnds> ends;
  const Interruption interruption;
  request.queue = true;
  request.asks_pause = request.asks_pause || informants.pause_while_waiting.has_value();
  // While it waits it is this process that renews, so that a gate which was killed does not hold
  // the work for as long as a job may last.
  Settings while_waiting = settings;
  while_waiting.policy.lease = beat_lease(policy);
  const Asking waiting{call, store, request, ordering, while_waiting, state, informants};
  for (;;) {
    Ordered ordered;
    if (!request.group.empty()) ordered.group = ordering.group;
    if (policy.no_wait) {
      // What would be skipped anyway has no place in line; and by this look it is known which
      // sessions are those of older heads.
      std::optional<Acquired> looked;
      if (informants.is_replaced) looked = consult(store, asking.question(policy), known);
      if (const auto place = place_without_standing(asking, lines)) {
        if (!looked) looked = consult(store, asking.question(policy), known);
        Acquired& seen = *looked;
        Decision& decision = seen.decision;
        if (decision.verdict == Verdict::run && decision.code != ReasonCode::own) {
          ordered.position = place->place;
          ordered.head = place->head;
          ordered.line = in_line(*place->line);
          decision =
              gave_up(request, ReasonCode::queued, {ordered.line, place->place, place->head, {}},
                      "Not its turn (--no-wait)");
        }
        if (decision.verdict == Verdict::skip) {
          ordered.acquired = std::move(seen);
          return ordered;
        }
      }
    }
    if (lines.empty())
      ordered = stand_by(waiting, std::move(known));
    else
      ordered.acquired =
          acquire_with_note(store, state, waiting.question(while_waiting.policy), std::move(known));
    known = {};
    if (ordered.interrupted_by != 0) return ordered;
    // A newer head came: it is given up, and stands before nobody.
    if (ordered.acquired.outdone) return ordered;
    bool again = false;
    bool waited = settles && stands_in_line(ordered.acquired, state, false);
    auto due = store.deadline();
    if (waited) {
      again = settle(asking, lines.empty(), interruption, ordered);
      due = Clock::now() + policy.deadline;
    }
    for (const Line& line : lines) {
      if (again || !stands_in_line(ordered.acquired, state, waited)) break;
      waited = true;
      if (!ends) ends = WaitEnds{Clock::now() + patience_of(policy), due};
      again = stand_in_line(asking, line, *ends, interruption, ordered);
      if (again) break;
    }
    if (again) continue;
    return ordered;
  }
}

}  // namespace refgate
