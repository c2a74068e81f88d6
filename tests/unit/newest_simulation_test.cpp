// The newest head of a branch against a model of the store: gates that claim, enter the record of
// the newest head, and end or outwait the others, with the steps of all others in between and with
// gates that are killed. In the end nothing lives but the session on the newest head, whoever was
// skipped ended nobody, and of a burst that settles nobody starts after a newer head has come.
// Variants that are broken on purpose must be caught.

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "catch.h"
#include "core/claim/newest.h"
#include "core/claim/transition.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

constexpr Duration calm = 10s;
constexpr unsigned heads = 6;

enum class Variant {
  right,
  newest_before_claim,  ///< it stands in the record before there is anything to end
  ends_before_newest,   ///< it ends the older ones before it is known to be the newest
  ends_once,            ///< a claim that was renewed in between goes on
  overwrites,           ///< the record is written without a look at what stands there by now
  forgets_older,        ///< the sessions that it has not ended yet stand in no record
  starts_by_its_look,   ///< that it is calm and that it starts are two steps
};

struct Stored {
  Claim claim;
  unsigned version = 1;
};

struct Gate {
  std::string name;  ///< of its claim, and of its head's number
  Arrival arrival;
  Holder holder;
  enum class Step {
    claim,
    enter,
    end,
    settle,
    start,
    told_run,
    told_skip,
    killed
  } step = Step::claim;
  std::optional<Newest> seen;
  unsigned seen_version = 0;
  std::vector<NewestClaim> to_end;
  std::map<std::string, unsigned> versions;  ///< of those, as they were seen
};

class World {
 public:
  World(Variant variant, bool settles, unsigned seed)
      : variant_(variant), settles_(settles), chance_(seed) {
    for (unsigned number = 1; number <= heads; ++number) {
      Gate gate;
      gate.name = std::to_string(number);
      gate.holder.run_id = std::to_string(100 + number);
      gate.arrival = {"topic", gate.name, std::to_string(number - 1), "push", gate.holder.run_id};
      if (variant_ == Variant::newest_before_claim) gate.step = Gate::Step::enter;
      gates_.push_back(gate);
    }
  }

  /// What went wrong; empty: nothing.
  std::string run() {
    for (int step = 0; step < 4000 && !is_over(); ++step) {
      now_ += std::chrono::milliseconds(below(1500));
      Gate& gate = gates_[below(gates_.size())];
      if (below(4) == 0) renew(gate);
      // The gate of the newest head lives: else there is nobody who could end the others.
      if (below(60) == 0 && gate.name != gates_.back().name && gate.step < Gate::Step::told_run)
        kill(gate);
      move(gate);
    }
    if (!is_over()) return "a gate has no answer";
    if (!wrong_.empty()) return wrong_;
    const Gate& last = gates_.back();
    if (last.step != Gate::Step::told_run) return "the newest head was not told to run";
    for (const auto& [name, stored] : claims_)
      if (name != last.name && stored.claim.state == ClaimState::active && !settles_)
        return "a session on an older head lives";
    return {};
  }

 private:
  std::size_t below(std::size_t bound) { return chance_() % bound; }

  bool is_over() const {
    for (const Gate& gate : gates_)
      if (gate.step < Gate::Step::told_run) return false;
    return true;
  }

  /// Of what stands in no record yet nobody was told; its lease passes.
  void kill(Gate& gate) {
    if (gate.step == Gate::Step::enter && claims_.contains(gate.name))
      claims_[gate.name].claim.state = ClaimState::ended;
    gate.step = Gate::Step::killed;
  }

  void renew(const Gate& gate) {
    const auto found = claims_.find(gate.name);
    if (found == claims_.end() || found->second.claim.state == ClaimState::ended) return;
    found->second.claim.renewed_at = now_;
    ++found->second.version;
  }

  void look(Gate& gate) {
    gate.seen = newest_;
    gate.seen_version = newest_version_;
    gate.to_end.clear();
    if (!newest_) return;
    gate.to_end = newest_->older;
    if (order_of(newest_, gate.arrival) == Order::newer)
      gate.to_end.insert(gate.to_end.end(), newest_->claims.begin(), newest_->claims.end());
    for (const NewestClaim& claim : gate.to_end)
      if (const auto found = claims_.find(claim.ref); found != claims_.end())
        gate.versions[claim.ref] = found->second.version;
  }

  void move(Gate& gate) {
    switch (gate.step) {
      case Gate::Step::claim:
        claims_[gate.name] = {claim_of(gate), 1};
        gate.step =
            variant_ == Variant::newest_before_claim ? Gate::Step::told_run : Gate::Step::enter;
        return;
      case Gate::Step::enter:
        return enter(gate);
      case Gate::Step::end:
        return end_one(gate);
      case Gate::Step::settle:
        return settle(gate);
      case Gate::Step::start:
        return start(gate);
      default:
        return;
    }
  }

  Claim claim_of(const Gate& gate) const {
    Claim claim;
    claim.claim_id = gate.name;
    claim.holder = gate.holder;
    claim.state = settles_ ? ClaimState::waiting : ClaimState::active;
    claim.claimed_at = claim.renewed_at = now_;
    return claim;
  }

  void skip(Gate& gate) {
    if (claims_.contains(gate.name))
      claims_[gate.name].claim = abandon_claim(claims_[gate.name].claim, "older", now_);
    if (ended_by_.contains(gate.name)) wrong_ = "who was skipped ended another's session";
    gate.step = Gate::Step::told_skip;
  }

  void enter(Gate& gate) {
    if (!looked_.contains(gate.name)) {
      look(gate);
      looked_.insert(gate.name);
      return;
    }
    if (variant_ == Variant::ends_before_newest && !gate.to_end.empty() &&
        order_of(gate.seen, gate.arrival) != Order::older)
      return end_one(gate);
    looked_.erase(gate.name);
    if (order_of(gate.seen, gate.arrival) == Order::older) return skip(gate);
    if (variant_ != Variant::overwrites && gate.seen_version != newest_version_) return;
    std::vector<NewestClaim> older = gate.to_end;
    if (variant_ == Variant::forgets_older) older.clear();
    newest_ =
        arrived(gate.seen, gate.arrival, {gate.holder, {gate.name, gate.name}, calm}, older, now_);
    ++newest_version_;
    gate.step = Gate::Step::end;
  }

  void end_one(Gate& gate) {
    if (gate.to_end.empty()) {
      if (gate.step != Gate::Step::end) return;
      gate.step = settles_                                   ? Gate::Step::settle
                  : variant_ == Variant::newest_before_claim ? Gate::Step::claim
                                                             : Gate::Step::told_run;
      return;
    }
    const NewestClaim target = gate.to_end.back();
    const auto found = claims_.find(target.ref);
    if (found == claims_.end() || found->second.claim.state == ClaimState::ended) {
      gate.to_end.pop_back();
      return;
    }
    Stored& stored = found->second;
    // What settles has begun nothing, and gives up by itself.
    if (settles_ && stored.claim.state == ClaimState::active) {
      gate.to_end.pop_back();
      return;
    }
    if (gate.versions[target.ref] == stored.version) {
      if (stored.claim.state == ClaimState::active) ended_by_.insert(gate.name);
      stored = {supersede_claim(stored.claim, gate.holder.run_id, now_), stored.version + 1};
      gate.to_end.pop_back();
    } else if (variant_ == Variant::ends_once) {
      gate.to_end.pop_back();
    } else {
      gate.versions[target.ref] = stored.version;
    }
  }

  void settle(Gate& gate) {
    look(gate);
    if (order_of(gate.seen, gate.arrival) == Order::older) return skip(gate);
    if (now_ >= calm_at(*gate.seen, calm)) gate.step = Gate::Step::start;
  }

  void start(Gate& gate) {
    const bool stale = gate.seen_version != newest_version_;
    if (stale && variant_ != Variant::starts_by_its_look) {
      gate.step = Gate::Step::settle;
      return;
    }
    if (order_of(newest_, gate.arrival) == Order::older) wrong_ = "it started behind a newer head";
    newest_ = started_newest(*newest_, now_);
    ++newest_version_;
    claims_[gate.name].claim.state = ClaimState::active;
    gate.step = Gate::Step::told_run;
  }

  Variant variant_;
  bool settles_;
  std::minstd_rand chance_;
  Instant now_ = *parse_rfc3339("2026-11-22T12:00:00Z");
  std::vector<Gate> gates_;
  std::map<std::string, Stored> claims_;
  std::optional<Newest> newest_;
  unsigned newest_version_ = 0;
  std::set<std::string> looked_;
  std::set<std::string> ended_by_;
  std::string wrong_;
};

std::map<std::string, int> wrong_of(Variant variant, bool settles) {
  std::map<std::string, int> wrong;
  for (unsigned seed = 1; seed <= 1500; ++seed)
    if (const std::string what = World(variant, settles, seed).run(); !what.empty()) ++wrong[what];
  return wrong;
}

}  // namespace

TEST_CASE("in the end nothing lives but the session on the newest head") {
  for (const bool settles : {false, true}) {
    INFO(settles);
    for (const auto& [wrong, times] : wrong_of(Variant::right, settles)) {
      INFO(wrong);
      CHECK(times == 0);
    }
  }
}

TEST_CASE("orders of the steps that are broken on purpose are caught", "[bulk]") {
  struct Row {
    Variant variant;
    bool settles;
    const char* wrong;
  };
  for (const Row& row : std::vector<Row>{
           {Variant::newest_before_claim, false, "a session on an older head lives"},
           {Variant::ends_before_newest, false, "who was skipped ended another's session"},
           {Variant::ends_once, false, "a session on an older head lives"},
           {Variant::overwrites, false, "a session on an older head lives"},
           {Variant::forgets_older, false, "a session on an older head lives"},
           {Variant::starts_by_its_look, true, "it started behind a newer head"},
       }) {
    INFO(static_cast<int>(row.variant));
    CHECK(wrong_of(row.variant, row.settles).contains(row.wrong));
  }
}
