#include "job/gate/place_in_line.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "core/claim/transition.h"
#include "core/event/scope.h"
#include "core/text/count.h"
#include "core/text/shell_word.h"
#include "core/words/shorten.h"
#include "job/note/health_file.h"
#include "job/subject/subject.h"
#include "runner/runner.h"
#include "state/pause/pauses.h"
#include "state/queues.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr Duration between_lookups = 60s;
/// Dead heads that are looked through in one go.
constexpr int most_heads = 20;

}  // namespace

bool is_of_own_run(const Ticket& ticket, const Request& request) {
  return request.in_run && !ticket.run_id.empty() && ticket.run_id == request.holder.run_id;
}

std::string of_own_run(const Ticket& head, const Request& request) {
  return is_of_own_run(head, request)
             ? ", which is this very run: if its job there waits for this one, neither goes on"
             : "";
}

bool is_of_this_job(const Claim& claim, const Request& request, const JobState& state) {
  if (!request.in_run || request.holder.run_id.empty() || !is_of_this_job(claim, request))
    return false;
  if (!request.holder.instance.empty() && !claim.holder.instance.empty()) return true;
  const auto notes = state.notes();
  return std::any_of(notes.begin(), notes.end(), [&](const ClaimNote& note) {
    return note.claim.claim_id == claim.claim_id && is_of_job(note, request.holder, state);
  });
}

bool is_foreign(const std::map<std::string, Stored>& read, const std::string& ref) {
  return read.contains(ref) && !claim_at(read, ref);
}

/// Neither who is behind it nor gc can end it: only a person can.
StoreError unreadable_before(const Ticket& ticket, const std::map<std::string, Stored>& read,
                             const Line& line) {
  std::string why = "it holds something that is no claim";
  const Files& files = read.at(ticket.claim_ref).files;
  if (const auto file = files.find(std::string(claim_file)); file != files.end()) {
    const auto claim = decode_claim(file->second);
    if (const auto* error = std::get_if<ClaimError>(&claim)) why = error->message;
  }
  return StoreError(
      StoreFailure::unreadable,
      ticket.claim_ref + ", the claim of " +
          (ticket.run_id.empty() ? "a caller without a run id" : "run " + ticket.run_id) +
          ", which is before this one " + in_line(line) + ": " + why + "; it was left alone",
      "nobody behind it has a turn before it is gone. If its session has ended, "
      "delete it: git push <remote> --delete " +
          shell_word(ticket.claim_ref));
}

PlaceInLine::PlaceInLine(const Asking& asking, const Acquired& acquired, const Line& line,
                         const WaitEnds& ends)
    : WaitingClaim(asking, acquired),
      ordering_(asking.ordering),
      line_(line),
      until_(ends.until),
      due_(ends.due) {}

/// Who does not wait has the time of any other question; and so has who is not known to have to.
std::optional<PlaceInLine::Clock::time_point> PlaceInLine::due() const {
  return settings_.policy.no_wait || !stands_ ? due_ : std::nullopt;
}

PlaceInLine::Clock::time_point PlaceInLine::ends(Clock::time_point silent_since) const {
  if (const auto end = due()) return *end;
  return settings_.policy.no_wait ? silent_since + settings_.policy.deadline : until_;
}

std::optional<Turn> PlaceInLine::gives_up() const {
  if (settings_.policy.no_wait) return Turn::not_yet;
  return is_last_look_ ? std::optional(Turn::expired) : std::nullopt;
}

Duration PlaceInLine::until_next_look(Instant at) {
  const auto left = std::chrono::duration_cast<Duration>(until_ - Clock::now());
  // Those next in line are there when a holder that says nothing more is lost.
  const bool near = next_lapse_ && place_ <= 2 * std::size_t{line_.heads};
  const Duration to_lapse = near ? std::max<Duration>(*next_lapse_ - at, 200ms) : left;
  return std::max(std::min({patience_.next(place_), left, to_lapse}), Duration::zero());
}

std::vector<std::string> PlaceInLine::refs_to_look_at() const {
  std::set<std::string> refs = watched_;
  refs.insert({line_.ref, request_.scope});
  if (!request_.slots.empty()) refs.insert(request_.slots);
  if (informants_.pause_while_waiting) refs.insert(informants_.pause_while_waiting->ref);
  return {refs.begin(), refs.end()};
}

Queue PlaceInLine::without_gone(Queue queue, Instant at) const {
  const auto is_gone = [&](const Ticket& ticket) { return gone_.contains(ticket.claim_id); };
  return line_.is_pool ? without_dead(std::move(queue), is_gone, at)
                       : without_dead_heads(std::move(queue), is_gone, at);
}

/// One reading, and at most one push, besides those that end the claims of the dead.
PlaceInLine::Step PlaceInLine::advance() {
  const Instant at = now();
  is_last_look_ = asks_all_ = Clock::now() >= until_;
  asked_now_.clear();
  auto read = store_.read(refs_to_look_at());
  SeenQueue seen = queue_in(read, line_.ref);
  // One that has its place and has started goes on; its start alone, whose place came too late, is
  // none yet.
  const bool goes_on =
      claim_.state != ClaimState::waiting && seen.queue && position(*seen.queue, claim_.claim_id);
  if (!goes_on && stopped_meanwhile(read, at)) return Step::held_back;
  if (const auto lost = lost_meanwhile(read)) return *lost;
  bool unseen = seen.queue && watch_heads(*seen.queue, read, at);
  // The first look and the last one also see whether the heads live, and whoever found a dead one
  // sees whom it stands behind then.
  for (int heads = 0; (place_ == 0 || asks_all_) && heads < most_heads && unseen; ++heads) {
    if (!asked_now_.empty()) give_step_time();
    read = store_.read(refs_to_look_at());
    seen = queue_in(read, line_.ref);
    unseen = seen.queue && watch_heads(*seen.queue, read, at);
  }
  // An API that says nothing takes no time from what follows.
  if (!asked_now_.empty()) give_step_time();
  Queue next = without_gone(seen.queue.value_or(Queue{}), at);
  next.group = line_.name;
  const bool joins = !position(next, claim_.claim_id);
  if (joins) {
    const std::size_t waiting = next.tickets.size();
    next = line_.is_pool ? with_slot(std::move(next), ticket(at))
                         : with_ticket(std::move(next), ticket(at), ordering_.limits, at);
    if (is_overfull(next)) {
      place_ = waiting + 1;
      return Step::full;
    }
  }
  const std::size_t former = std::exchange(place_, place_in(next));
  const bool first =
      place_ <= line_.heads || (!line_.is_pool && is_of_own_run(next.tickets.front(), request_));
  if (!first) {
    require_readable(next, read);
    head_ = next.tickets.front();
    stands_ = stands_ || !joins;
    tell_place(next);
  }
  if (first && former > line_.heads && claim_.state == ClaimState::waiting && spent_meanwhile(at))
    return Step::held_back;

  std::vector<Change> changes;
  // In a pool a place is no worse for the dead before it: they are taken out by who joins.
  const bool line_changes = line_.is_pool ? joins : !seen.queue || next != *seen.queue;
  if (line_changes) changes.push_back({line_.ref, seen.version, queue_snapshot(next, at), true});
  // Its activation may have arrived at the remote when its place at the head of the line did not.
  const bool starts = first && line_.starts;
  const Claim wanted = with_room(store_,
                                 starts                               ? started(at)
                                 : claim_.state == ClaimState::active ? waiting_again(at)
                                                                      : renewed_if_due(at),
                                 claim_.outbox, settings_.name_space);
  const bool claim_changes = wanted != claim_;
  if (claim_changes)
    changes.push_back({request_.scope, version_, claim_snapshot(wanted), !line_changes});
  const BootTime sent = boot_now();
  const Step reached = place_ == former ? Step::waits : Step::moved;
  if (changes.empty()) return first ? run(sent) : reached;

  const auto outcomes = push_once(store_, changes);
  if (line_changes && outcomes.front().result == SwapResult::refused)
    throw refusal(store_, line_.ref, outcomes.front(), "nothing was started");
  const bool line_is_so = !line_changes || outcomes.front().result == SwapResult::swapped;
  if (claim_changes) {
    const SwapOutcome& outcome = outcomes.back();
    if (outcome.result == SwapResult::swapped)
      keep(wanted, outcome.version);
    else if (outcome.result == SwapResult::stale)
      return adopt_what_stands();
    else if (line_is_so)
      throw refusal(store_, request_.scope, outcome, "nothing was started");
  }
  if (!line_is_so) return Step::again;
  stands_ = stands_ || !first;
  return first ? run(sent) : reached;
}

/// Among those that live, and of which none is this very job's.
std::size_t PlaceInLine::place_in(const Queue& queue) const {
  const std::size_t place = *position(queue, claim_.claim_id);
  const auto own = std::count_if(
      queue.tickets.begin(), queue.tickets.begin() + static_cast<std::ptrdiff_t>(place),
      [&](const Ticket& ticket) { return shared_.contains(ticket.claim_id); });
  return place - static_cast<std::size_t>(own);
}

/// A job never waits for a slot that it has already: its steps come one after the other, and the
/// session there may well end with the job.
bool PlaceInLine::is_shared(const Ticket& ticket, const std::map<std::string, Stored>& read) {
  if (!line_.is_pool || !watched_.contains(ticket.claim_ref)) return false;
  const std::optional<Claim> claim = claim_at(read, ticket.claim_ref);
  if (!claim || claim->claim_id != ticket.claim_id || claim->state == ClaimState::ended ||
      !is_of_this_job(*claim, request_, state_))
    return false;
  if (shared_.insert(ticket.claim_id).second)
    call_.err << "refgate: "
              << escape_for(Place::line, "this very job has a slot of " + line_.name +
                                             " already (" + claim->session_key + "), and shares it")
              << "\n"
              << std::flush;
  return true;
}

PlaceInLine::Step PlaceInLine::run(BootTime sent) {
  if (line_.starts) begin(sent);
  return Step::started;
}

bool PlaceInLine::spent_meanwhile(Instant at) {
  if (!keeps_ledgers(settings_.policy) || !informants_.governed) return false;
  const Surroundings around = informants_.governed(store_);
  if (!around.spent && !around.breaker && !around.paused) return false;
  held_back_ = decide(acquired_.holder, request_, settings_.policy, at, around);
  return held_back_.verdict == Verdict::skip;
}

Ticket PlaceInLine::ticket(Instant at) const {
  return {claim_.claim_id,
          request_.scope,
          claim_.holder.run_id,
          claim_.holder.run_url,
          claim_.session_key,
          claim_.workflow,
          at};
}

/// Goes by what was read of the heads before it, and passes those that are dead. True when it has
/// to be read anew, with the claims of others. Where there are fewer heads than the line has,
/// nobody needs to be looked at.
bool PlaceInLine::watch_heads(const Queue& queue, const std::map<std::string, Stored>& read,
                              Instant at) {
  next_lapse_.reset();
  const auto is_passed_over = [&](const Ticket& ticket) {
    return gone_.contains(ticket.claim_id) || shared_.contains(ticket.claim_id);
  };
  if (line_.is_pool) pass_those_who_left(queue, read);
  for (const Ticket& ticket : queue.tickets) {
    if (ticket.claim_id == claim_.claim_id) break;
    const auto before = living_before(queue, claim_.claim_id, line_.heads, is_passed_over);
    if (before.size() < line_.heads) break;
    // The heads change with each that is found to be gone.
    const bool is_head = std::find(before.begin(), before.end(), ticket) != before.end();
    if (is_head && !is_shared(ticket, read) && is_gone(ticket, read, at))
      gone_.insert(ticket.claim_id);
  }
  const auto before = living_before(queue, claim_.claim_id, line_.heads, is_passed_over);
  std::set<std::string> heads;
  if (before.size() == line_.heads)
    for (const Ticket& ticket : before)
      heads.insert(ticket.claim_ref);
  // The first look at a pool that may be full is at all of it: what others left behind counts for
  // nobody.
  if (line_.is_pool && !heads.empty() && !std::exchange(looked_at_all_, true))
    for (const Ticket& ticket : queue.tickets)
      heads.insert(ticket.claim_ref);
  const bool unseen = !std::includes(watched_.begin(), watched_.end(), heads.begin(), heads.end());
  watched_ = std::move(heads);
  return unseen;
}

/// Of what was read of those before it. Where there is a turn all the same, nobody cares.
void PlaceInLine::require_readable(const Queue& queue,
                                   const std::map<std::string, Stored>& read) const {
  for (const Ticket& ticket : queue.tickets) {
    if (ticket.claim_id == claim_.claim_id) return;
    if (is_foreign(read, ticket.claim_ref)) throw unreadable_before(ticket, read, line_);
  }
}

void PlaceInLine::pass_those_who_left(const Queue& queue,
                                      const std::map<std::string, Stored>& read) {
  for (const Ticket& ticket : queue.tickets) {
    if (ticket.claim_id == claim_.claim_id || !watched_.contains(ticket.claim_ref) ||
        is_foreign(read, ticket.claim_ref))
      continue;
    if (has_left(ticket, claim_at(read, ticket.claim_ref), line_.ref))
      gone_.insert(ticket.claim_id);
  }
}

bool PlaceInLine::is_gone(const Ticket& ticket, const std::map<std::string, Stored>& read,
                          Instant at) {
  if (!watched_.contains(ticket.claim_ref) || is_foreign(read, ticket.claim_ref)) return false;
  const std::optional<Claim> claim = claim_at(read, ticket.claim_ref);
  const bool stands =
      claim && claim->claim_id == ticket.claim_id && claim->state != ClaimState::ended;
  if (!stands) return true;
  if (informants_.is_replaced && informants_.is_replaced(ticket.claim_id) &&
      claim_.state == ClaimState::waiting)
    return settings_.policy.observe || informants_.replace(store_, ticket.claim_id);
  // Who has a slot starts by its claim alone, whatever became of its place.
  const bool is_fenced = line_.is_pool || !claim->slots.empty();
  if (!is_dead(ticket, claim, at)) {
    const Instant lapse = claim->lease_until + claim->limits.skew;
    next_lapse_ = std::min(lapse, next_lapse_.value_or(lapse));
    if (!its_run_has_ended(*claim, at)) return false;
  } else if (is_fenced && is_ahead()) {
    return false;
  }
  return !is_fenced || is_fenced_off(ticket, {claim, read.find(ticket.claim_ref)->second.version});
}

/// What our clock says of others' leases is wrong then; they end without us.
bool PlaceInLine::is_ahead() const {
  const auto clock = store_.server_clock();
  // The server's clock is told in whole seconds.
  return clock && clock->ahead() > settings_.policy.skew + 1s;
}

/// Who takes the slot of one that is lost ends its claim first, so that a renewal of it which is
/// still on the wire comes too late. False when one came before.
bool PlaceInLine::is_fenced_off(const Ticket& ticket, const SeenClaim& seen) {
  // Who only watches ends nobody's session.
  if (settings_.policy.observe) return true;
  const Instant heard = seen.claim->renewed_at;
  const Ended swap = update_claim(
      store_,
      {ticket.claim_ref, ticket.claim_id, settings_.name_space, seen,
       [&](const Claim& stands) { return stands.renewed_at == heard; }, true},
      [](const Claim& claim) { return lose_claim(claim, now()); }, Publish::what_stood);
  if (swap.result == Ended::Result::foreign) return false;
  if (swap.result == Ended::Result::ended)
    call_.err << "refgate: "
              << escape_for(Place::line,
                            "given up as lost: " + describe_holder(*seen.claim, now()) +
                                (line_.is_pool ? "; its slot is free" : ""))
              << "\n"
              << std::flush;
  return true;
}

/// By the first look, since who stands there may be dead for long, and by the last one, before it
/// gives up. In between most heads end by themselves: who is next asks first; those behind it after
/// as much longer, since it may be dead itself; and about one head at a time. Behind one that has
/// ended the next is asked about at once: nobody before it may be there to do it.
bool PlaceInLine::its_run_has_ended(const Claim& head, Instant at) {
  if (!informants_.holder_run) return false;
  const auto [known, fresh] = asked_.try_emplace(head.claim_id, at);
  const bool in_this_look = asks_all_ || (fresh && (place_ == 0 || settings_.policy.no_wait));
  if (in_this_look && asked_now_.size() >= most_asked_at_once) return false;
  if (!in_this_look) {
    if (fresh || place_ <= line_.heads) return false;
    const Duration patience = between_lookups * static_cast<Duration::rep>(place_ - line_.heads);
    if (at < std::max(known->second, asked_last_) + patience) return false;
  }
  if (!asked_now_.insert(head.claim_id).second) return false;
  known->second = asked_last_ = at;
  if (informants_.holder_run(head) != RunEnded::yes) return false;
  return asks_all_ = true;
}

void PlaceInLine::tell_place(const Queue& queue) {
  const Ticket& head = queue.tickets.front();
  const std::string line =
      "place " + std::to_string(place_) + " " + in_line(line_) + ", at the head " +
      (head.run_id.empty() ? "a caller without a run id" : "run " + head.run_id) + " (" +
      head.event + ")" + of_own_run(head, request_) +
      (head.run_url.empty() ? "" : ", " + head.run_url);
  if (!told_.is_due(line, Clock::now())) return;
  const std::string end = settings_.policy.no_wait ? "" : waits_until(until_, now());
  call_.err << "refgate: " << escape_for(Place::line, line + end) << "\n" << std::flush;
}

void PlaceInLine::has_started() {
  if (!told_.anything()) return;
  const Traffic traffic = store_.traffic();
  call_.err << "refgate: its turn has come after "
            << format_duration(std::chrono::duration_cast<Duration>(Clock::now() - began_)) << " ("
            << counted(traffic.exchanges, "request") << ", " << traffic.pushes
            << " of them pushes)\n"
            << std::flush;
}

}  // namespace refgate
