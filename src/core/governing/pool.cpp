#include "core/governing/pool.h"

#include <algorithm>
#include <charconv>

#include "core/event/scope.h"

namespace refgate {
namespace {

constexpr std::size_t longest_pool = 60;
constexpr std::string_view of_outsiders = ",@outside";

/// One that stands in a ref as it is.
bool is_pool_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_pool && encode_ref_component(text) == text;
}

}  // namespace

std::variant<Slots, std::string> parse_slots(std::string_view text) {
  Slots slots;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) slots.pool = text.substr(0, colon);
  const std::string_view count = colon == std::string_view::npos ? text : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), slots.most);
  const bool whole = error == std::errc() && end == count.data() + count.size();
  if (!whole || slots.most == 0 || slots.most > most_tickets)
    return "slots is \"" + std::string(text) + "\", but must be a number from 1 to " +
           std::to_string(most_tickets) +
           ", after the name of a pool or alone, such as 3 or "
           "model:3";
  if (!is_pool_name(slots.pool))
    return "slots is \"" + std::string(text) +
           "\", but the name of a pool must be letters, digits, '-', '_' and inner dots, at most " +
           std::to_string(longest_pool);
  return slots;
}

std::string slots_prefix(std::string_view name_space) {
  return "refs/" + std::string(name_space) + "/slots/";
}

std::string slots_ref(std::string_view pool, Trust trust, std::string_view name_space) {
  return slots_prefix(name_space) + std::string(pool) +
         std::string(trust == Trust::outside ? of_outsiders : "");
}

bool is_slots_ref(std::string_view ref, std::string_view name_space) {
  const std::string name = pool_named(ref);
  return !name.empty() && ref == slots_prefix(name_space) + name;
}

std::string pool_named(std::string_view ref) {
  const std::string_view leaf = ref.substr(ref.rfind('/') + 1);
  std::string_view name = leaf;
  if (name.ends_with(of_outsiders)) name.remove_suffix(of_outsiders.size());
  return is_pool_name(name) ? std::string(leaf) : std::string();
}

bool has_left(const Ticket& ticket, const std::optional<Claim>& claim, std::string_view ref) {
  return !claim || claim->claim_id != ticket.claim_id || claim->state == ClaimState::ended ||
         claim->slots != ref;
}

SlotState slot_state(const Ticket& ticket, const std::optional<Claim>& claim, std::string_view ref,
                     Instant now) {
  if (is_dead(ticket, claim, now) || has_left(ticket, claim, ref)) return SlotState::gone;
  return claim->state == ClaimState::waiting ? SlotState::waiting : SlotState::in_use;
}

Queue with_slot(Queue pool, const Ticket& ticket) {
  if (!position(pool, ticket.claim_id)) pool.tickets.push_back(ticket);
  return pool;
}

Queue without_dead(Queue pool, const IsDead& is_dead, Instant now) {
  std::vector<std::string> gone;
  for (const Ticket& ticket : pool.tickets)
    if (is_dead(ticket)) gone.push_back(ticket.claim_id);
  for (const std::string& claim_id : gone)
    pool = without_ticket(std::move(pool), claim_id, now);
  return pool;
}

std::vector<Ticket> living_before(const Queue& pool, std::string_view claim_id, std::size_t most,
                                  const IsDead& is_dead) {
  std::vector<Ticket> living;
  for (const Ticket& ticket : pool.tickets) {
    if (ticket.claim_id == claim_id || living.size() == most) break;
    if (!is_dead(ticket)) living.push_back(ticket);
  }
  return living;
}

std::optional<Instant> closed_until(const Queue& pool, Instant now) {
  return pool.closed_until && now < *pool.closed_until ? pool.closed_until : std::nullopt;
}

Queue with_closed(Queue pool, Instant until) {
  pool.closed_until = std::max(until, pool.closed_until.value_or(until));
  return pool;
}

bool is_forgettable_pool(const Queue& pool, const IsDead& is_dead, Instant now) {
  return !closed_until(pool, now) && std::all_of(pool.tickets.begin(), pool.tickets.end(), is_dead);
}

}  // namespace refgate
