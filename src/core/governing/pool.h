#pragma once
// Slots: at most so many sessions at once, of all that share a pool. A pool is a line with several
// heads: the record of a queue, without sessions of a group. Pure.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/claim/claim.h"
#include "core/claim/queue.h"
#include "core/event/event.h"
#include "core/text/time.h"

namespace refgate {

/// "model:3": at most three sessions of the pool `model` at once.
struct Slots {
  std::string pool = "default";
  unsigned most = 0;

  bool operator==(const Slots&) const = default;
};

/// "3", "model:3": from 1 to most_tickets; a pool's name is letters, digits, '-', '_' and inner
/// dots, at most 60 bytes. The other alternative is one sentence on what is wrong.
std::variant<Slots, std::string> parse_slots(std::string_view text);

/// "refs/<name_space>/slots/"
std::string slots_prefix(std::string_view name_space);

/// "refs/<name_space>/slots/<pool>[,@outside]": what comes from outside has slots of its own.
std::string slots_ref(std::string_view pool, Trust trust, std::string_view name_space);

/// True for a name that slots_ref gives below this namespace: what a claim says of its pool is
/// followed nowhere else.
bool is_slots_ref(std::string_view ref, std::string_view name_space);

/// For people and labels: "model", "model,@outside"; empty for what slots_ref does not give.
std::string pool_named(std::string_view ref);

/// True when the ticket keeps nobody from the pool `ref`, whatever the time: its claim is gone, is
/// another's, has ended, or takes a slot elsewhere.
bool has_left(const Ticket& ticket, const std::optional<Claim>& claim, std::string_view ref);

enum class SlotState {
  in_use,
  waiting,
  gone,  ///< it has left, or is dead
};
/// What a ticket of the pool `ref` stands for.
SlotState slot_state(const Ticket& ticket, const std::optional<Claim>& claim, std::string_view ref,
                     Instant now);

using IsDead = std::function<bool(const Ticket&)>;

/// With the ticket behind all others; unchanged when the claim has one already.
Queue with_slot(Queue pool, const Ticket& ticket);

/// Without the tickets of which `is_dead` says so, wherever they stand.
Queue without_dead(Queue pool, const IsDead& is_dead, Instant now);

/// The first `most` of those that live and stand before the claim, or of all where it has no
/// ticket. Fewer than `most`: the claim has its turn, now and for as long as it lives, since others
/// only join behind it or leave.
std::vector<Ticket> living_before(const Queue& pool, std::string_view claim_id, std::size_t most,
                                  const IsDead& is_dead);

/// Until when the pool takes nobody; nullopt when it is open.
std::optional<Instant> closed_until(const Queue& pool, Instant now);

/// Closed until then, or longer where it was.
Queue with_closed(Queue pool, Instant until);

/// True when nobody is in it who may live, and it is open: the ref can go.
bool is_forgettable_pool(const Queue& pool, const IsDead& is_dead, Instant now);

}  // namespace refgate
