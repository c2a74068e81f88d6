// A pool of slots against a model of the store: gates that join, look, pass those that are dead and
// start, and sessions that renew, end, or say nothing more. A look and the swap that follows it are
// two steps, with the steps of all others in between, and a renewal may be long on the wire. At no
// moment may more sessions hold than there are slots, and variants that are broken on purpose must
// be caught.

#include <map>
#include <optional>
#include <random>
#include <set>

#include "catch.h"
#include "core/claim/transition.h"
#include "core/governing/pool.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

constexpr Duration lease = 10s;
constexpr Duration skew = 2s;

enum class Variant {
  right,
  passes_without_a_swap,  ///< a dead one's claim is left as it is when its slot is taken
  joins_by_an_old_line,   ///< the ticket goes behind whatever stands there by now, and it starts
  counts_its_neighbours,  ///< who stands behind is no reason to wait, nor who stands before
};

struct Stored {
  Claim claim;
  unsigned version = 1;
};

/// What one gate, and then its session, has seen, and what of it is on its way.
struct Party {
  std::string id;
  enum class Phase { waiting, running, silent, over } phase = Phase::waiting;
  struct Look {
    Queue line;
    unsigned line_version = 0;
    std::map<std::string, Stored> claims;
  };
  std::optional<Look> look;
  std::set<std::string> gone;
  unsigned version = 1;  ///< of its own claim, as it knows it
  /// A renewal that was sent and has not arrived.
  std::optional<std::pair<Claim, unsigned>> on_the_wire;
};

class World {
 public:
  World(Variant variant, unsigned slots, unsigned seed)
      : variant_(variant), slots_(slots), chance_(seed) {
    for (char name = 'a'; name < 'h'; ++name)
      parties_.push_back({std::string(1, name), Party::Phase::waiting, {}, {}, 1, {}});
    for (const Party& party : parties_)
      claims_[party.id] = {claim_of(party.id), 1};
  }

  /// The most that held at once.
  std::size_t live(int steps) {
    std::size_t most = 0;
    for (int step = 0; step < steps; ++step) {
      move(parties_[below(parties_.size())]);
      if (below(3) == 0) now_ += std::chrono::milliseconds(500 * (1 + below(4)));
      most = std::max(most, holding());
    }
    return most;
  }

  unsigned started() const { return started_; }

 private:
  std::size_t below(std::size_t bound) { return chance_() % bound; }

  Claim claim_of(const std::string& id) const {
    Claim claim;
    claim.claim_id = id;
    claim.state = ClaimState::waiting;
    claim.limits = {lease, skew, 24h, 1h};
    claim.renewed_at = claim.claimed_at = now_;
    claim.lease_until = now_ + lease;
    return claim;
  }

  std::size_t holding() const {
    std::size_t count = 0;
    for (const auto& [id, stored] : claims_)
      count += stored.claim.state == ClaimState::active &&
                       now_ < stored.claim.lease_until + stored.claim.limits.skew
                   ? 1
                   : 0;
    return count;
  }

  bool swap(const std::string& id, unsigned expected, Claim next) {
    Stored& stored = claims_.at(id);
    if (stored.version != expected) return false;
    stored = {std::move(next), expected + 1};
    return true;
  }

  void move(Party& party) {
    // What was sent arrives some time.
    if (party.on_the_wire && below(3) == 0) {
      auto [claim, expected] = *std::exchange(party.on_the_wire, std::nullopt);
      if (swap(party.id, expected, std::move(claim))) party.version = expected + 1;
      return;
    }
    switch (party.phase) {
      case Party::Phase::waiting:
        return party.look ? go_by_look(party) : look(party);
      case Party::Phase::running:
        return go_on(party);
      case Party::Phase::silent:
      case Party::Phase::over:
        return;
    }
  }

  void look(Party& party) {
    renew(party, false);
    party.look = Party::Look{line_, line_version_, claims_};
  }

  /// With a renewal that may be late; a waiting gate's own arrives at once.
  void renew(Party& party, bool may_be_late) {
    Claim claim = claims_.at(party.id).claim;
    if (claim.state == ClaimState::ended || party.on_the_wire) return;
    claim.renewed_at = now_;
    claim.lease_until = std::max(claim.lease_until, now_ + lease);
    if (may_be_late)
      party.on_the_wire = {claim, party.version};
    else if (swap(party.id, party.version, claim))
      ++party.version;
  }

  void go_on(Party& party) {
    const std::size_t dice = below(10);
    if (dice < 6) {
      renew(party, true);
    } else if (dice < 8) {
      party.phase = Party::Phase::silent;
    } else {
      Claim ended = end_claim(claims_.at(party.id).claim, ClaimOutcome::success, "success", now_);
      // Not while a renewal of it is unanswered.
      if (party.on_the_wire || !swap(party.id, party.version, std::move(ended))) return;
      party.phase = Party::Phase::over;
      line_ = without_ticket(std::move(line_), party.id, now_);
      ++line_version_;
    }
  }

  bool is_known_gone(const Party& party, const Ticket& ticket) const {
    return party.gone.contains(ticket.claim_id);
  }

  void pass_the_dead(Party& party) {
    const auto gone = [&](const Ticket& ticket) { return is_known_gone(party, ticket); };
    for (const Ticket& ticket : living_before(party.look->line, party.id, slots_, gone)) {
      const Stored& seen = party.look->claims.at(ticket.claim_id);
      if (!is_dead(ticket, seen.claim, now_)) continue;
      bool passed = seen.claim.state == ClaimState::ended;
      if (!passed && variant_ == Variant::passes_without_a_swap) passed = true;
      passed = passed || swap(ticket.claim_id, seen.version, lose_claim(seen.claim, now_));
      if (passed) party.gone.insert(ticket.claim_id);
    }
  }

  void go_by_look(Party& party) {
    pass_the_dead(party);
    const Party::Look look = *std::exchange(party.look, std::nullopt);
    const auto gone = [&](const Ticket& ticket) { return is_known_gone(party, ticket); };
    const bool joins = !position(look.line, party.id);
    const std::size_t before = living_before(look.line, party.id, slots_, gone).size();
    const bool first = before < slots_ || variant_ == Variant::counts_its_neighbours;
    if (joins) {
      if (line_version_ != look.line_version && variant_ != Variant::joins_by_an_old_line) return;
      Ticket ticket;
      ticket.claim_id = party.id;
      line_ = with_slot(without_dead(std::move(line_), gone, now_), ticket);
      ++line_version_;
    }
    Claim claim = claims_.at(party.id).claim;
    if (claim.state != ClaimState::waiting) {
      party.phase = Party::Phase::over;
      return;
    }
    if (!first) return;
    claim.state = ClaimState::active;
    claim.renewed_at = now_;
    claim.lease_until = now_ + lease;
    if (!swap(party.id, party.version, std::move(claim))) return;
    ++party.version;
    party.phase = Party::Phase::running;
    ++started_;
  }

  Variant variant_;
  unsigned slots_;
  std::mt19937 chance_;
  Instant now_{1'800'000'000s};
  Queue line_;
  unsigned line_version_ = 1;
  std::map<std::string, Stored> claims_;
  std::vector<Party> parties_;
  unsigned started_ = 0;
};

constexpr unsigned schedules = 400;
constexpr int steps_of_one = 400;

/// In how many schedules more held than there were slots.
unsigned overfull(Variant variant) {
  unsigned count = 0;
  for (unsigned seed = 0; seed < schedules; ++seed) {
    const unsigned slots = 1 + seed % 3;
    World world(variant, slots, seed);
    count += world.live(steps_of_one) > slots ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("whatever the schedule, no more hold than there are slots, and nobody is left out") {
  CHECK(overfull(Variant::right) == 0);
  unsigned all_started = 0;
  for (unsigned seed = 0; seed < schedules; ++seed) {
    World world(Variant::right, 1 + seed % 3, seed);
    world.live(20 * steps_of_one);
    all_started += world.started() == 7 ? 1 : 0;
  }
  CHECK(all_started > schedules / 2);
}

TEST_CASE("pools that are broken on purpose are caught", "[bulk]") {
  CHECK(overfull(Variant::passes_without_a_swap) > 0);
  CHECK(overfull(Variant::joins_by_an_old_line) > 0);
  CHECK(overfull(Variant::counts_its_neighbours) > 0);
}
