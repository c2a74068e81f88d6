// The pure decision against a model of the store: random schedules of callers, ends, crashes, slow
// and lost answers, and clocks that are apart by up to the stated skew. The same checks must catch
// variants that are broken on purpose.

#include <functional>
#include <map>
#include <queue>
#include <random>

#include "catch.h"
#include "core/claim/health.h"
#include "core/claim/transition.h"
#include "core/decision/decision.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant t0 = *parse_rfc3339("2026-11-22T00:00:00Z");

enum class Variant {
  right,
  no_expected_value,   ///< a swap overwrites whatever stands there
  delete_then_create,  ///< a takeover deletes the old claim and makes a new one, in two steps
  skew_ignored,        ///< nobody reckons with clocks that are apart
  never_halts,         ///< a holder goes on after its lease
};

struct Work {
  int who = 0;
  Duration from{};
  Duration until{};
};

struct Outcome {
  std::vector<Work> work;        ///< when who worked, in true time
  bool finished = false;         ///< somebody came to an end that is remembered
  bool last_caller_ran = false;  ///< the further caller after everything had expired
};

/// One ref on a server. Versions are numbers; 0 is no ref.
struct Ref {
  int version = 0;
  std::optional<Claim> claim;
};

class World {
 public:
  World(Variant variant, unsigned seed) : variant_(variant), random_(seed) {
    policy_.lease = 15s;
    policy_.skew = variant == Variant::skew_ignored ? 0s : 4s;
    policy_.lease_given = true;
    policy_.interval = 5s;
  }

  Outcome run() {
    const int callers = number(2, 8);
    for (int who = 0; who < callers; ++who) {
      Actor& actor = actors_[who];
      // Any two clocks are apart by at most the skew that is stated.
      actor.clock = Duration(number(-2000, 2000));
      // Together with the first, when its claim passes, or at any time.
      const int when = number(0, 3);
      actor.arrives = Duration(when == 0   ? number(0, 60'000)
                               : when == 1 ? number(18'000, 22'000)
                                           : number(0, 300));
      actor.works_for = Duration(number(0, 40'000));
      actor.fate = static_cast<Fate>(number(0, 4));
      if (number(0, 3) == 0) actor.dies_at = actor.arrives + Duration(number(0, 30'000));
      if (number(0, 3) == 0) actor.cut_off_at = actor.arrives + Duration(number(0, 30'000));
      at(actor.arrives, [this, who] { look(who); });
    }
    drain();
    // Whatever was claimed has passed for every clock by now.
    const int last = callers;
    actors_[last].works_for = 1s;
    at(now_ + policy_.lease + 30s, [this, last] { look(last); });
    drain();
    outcome_.last_caller_ran = actors_[last].launched;
    return outcome_;
  }

 private:
  enum class Fate { success, failure, cancelled, silent, slow };

  struct Actor {
    Duration clock{};
    Duration arrives{};
    Duration works_for{};
    Fate fate = Fate::success;
    std::optional<Duration> dies_at;     ///< kill -9
    std::optional<Duration> cut_off_at;  ///< from here on no request of it arrives
    int version = 0;
    Claim claim;
    Health health;
    bool launched = false;
    bool stopped = false;
    Duration started{};
  };

  int number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  Duration delay() { return Duration(number(0, 9) == 0 ? number(500, 6000) : number(1, 80)); }
  void at(Duration when, std::function<void()> what) {
    events_.push({when, next_++, std::move(what)});
  }
  bool alive(const Actor& actor) const {
    return !actor.stopped && !(actor.dies_at && now_ >= *actor.dies_at);
  }
  bool reaches(const Actor& actor) const {
    return !(actor.cut_off_at && now_ >= *actor.cut_off_at);
  }
  Instant wall(const Actor& actor) const { return t0 + now_ + actor.clock; }

  void drain() {
    while (!events_.empty()) {
      Event event = events_.top();
      events_.pop();
      for (auto& [who, actor] : actors_)
        if (actor.launched && actor.dies_at && *actor.dies_at <= event.when)
          stop(who, std::max(*actor.dies_at, actor.started));
      now_ = event.when;
      event.what();
    }
  }

  Request request_of(int who) const {
    Request request;
    request.holder.run_id = std::to_string(1000 + who);
    request.event = "push";
    request.workflow = "w";
    request.commit = "c";
    request.session_key = "k";
    request.scope = "refs/refgate/claims/c/w";
    request.nonce = "nonce-" + std::to_string(who) + "-" + std::to_string(next_);
    return request;
  }

  void look(int who) {
    const Actor& actor = actors_[who];
    if (!alive(actor) || !reaches(actor)) return;
    const Ref seen = ref_;
    at(now_ + delay(), [this, who, seen] { decide_on(who, seen); });
  }

  void decide_on(int who, const Ref& seen) {
    Actor& actor = actors_[who];
    if (!alive(actor)) return;
    const Decision decision = decide(seen.claim, request_of(who), policy_, wall(actor));
    if (decision.verdict == Verdict::skip) return;
    const Claim claim = *decision.next;
    const Duration sent = now_;
    if (variant_ == Variant::delete_then_create && seen.claim) {
      at(now_ + delay(), [this, who, claim, sent] {
        ref_ = {};
        at(now_ + delay(), [this, who, claim, sent] { arrive(who, 0, claim, sent, true); });
      });
      return;
    }
    at(now_ + delay(),
       [this, who, seen, claim, sent] { arrive(who, seen.version, claim, sent, true); });
  }

  bool swap(int expected, const Claim& claim) {
    const bool overwrites = variant_ == Variant::no_expected_value;
    if (!overwrites && ref_.version != expected) return false;
    ref_ = {++versions_, claim};
    return true;
  }

  /// A push reaches the server, even when its sender is dead by now.
  void arrive(int who, int expected, const Claim& claim, Duration sent, bool launch) {
    const bool lost = number(0, 19) == 0;
    const bool swapped = swap(expected, claim);
    const int version = ref_.version;
    if (lost) {
      // The reply never comes; the sender reads back.
      at(now_ + 1s, [this, who, claim, sent, launch] {
        if (!alive(actors_[who])) return;
        if (ref_.claim && ref_.claim->claim_id == claim.claim_id)
          acknowledged(who, ref_.version, claim, sent, launch);
        else if (launch)
          look(who);
      });
      return;
    }
    at(now_ + delay(), [this, who, swapped, version, claim, sent, launch] {
      if (!alive(actors_[who])) return;
      if (swapped)
        acknowledged(who, version, claim, sent, launch);
      else if (launch)
        look(who);
      else
        lost_session(who, claim);
    });
  }

  void acknowledged(int who, int version, const Claim& claim, Duration sent, bool launch) {
    Actor& actor = actors_[who];
    actor.version = version;
    actor.claim = claim;
    if (launch) {
      actor.health = Health{};
      actor.health.lease = policy_.lease;
      actor.health.skew = policy_.skew;
      actor.health.renewed = sent;
      if (must_halt(actor)) return;  // the answer came after the lease: nothing is begun
      actor.launched = true;
      actor.started = now_;
      at(now_ + actor.works_for, [this, who] { end(who); });
    } else {
      actor.health = renewed(actor.health, sent, t0);
    }
    watch(who);
    if (actor.fate != Fate::silent) at(now_ + policy_.interval, [this, who] { beat(who); });
  }

  bool must_halt(const Actor& actor) const {
    return variant_ != Variant::never_halts && answer(actor.health, now_).halt;
  }

  /// The holder's own clock halts it, whatever became of its heartbeats.
  void watch(int who) {
    at(std::max(now_, halts_at(actors_[who].health)), [this, who] {
      const Actor& actor = actors_[who];
      if (actor.launched && alive(actor) && must_halt(actor)) stop(who, now_);
    });
  }

  void beat(int who) {
    Actor& actor = actors_[who];
    if (!actor.launched || !alive(actor) || !reaches(actor)) return;
    Claim claim = actor.claim;
    claim.renewed_at = wall(actor);
    claim.lease_until = wall(actor) + policy_.lease;
    const Duration sent = now_;
    at(now_ + delay(), [this, who, expected = actor.version, claim, sent] {
      arrive(who, expected, claim, sent, false);
    });
  }

  void lost_session(int who, const Claim& claim) {
    if (ref_.claim && ref_.claim->claim_id == claim.claim_id) {
      // Our own renewal that was acknowledged late.
      actors_[who].version = ref_.version;
      return;
    }
    stop(who, now_);
  }

  void stop(int who, Duration when) {
    Actor& actor = actors_[who];
    if (actor.stopped) return;
    actor.stopped = true;
    if (actor.launched) outcome_.work.push_back({who, actor.started, when});
  }

  void end(int who) {
    Actor& actor = actors_[who];
    if (!alive(actor)) return;
    if (must_halt(actor)) return stop(who, now_);
    stop(who, now_);
    if (actor.fate == Fate::silent || !reaches(actor)) return;
    const ClaimOutcome result = actor.fate == Fate::failure     ? ClaimOutcome::failure
                                : actor.fate == Fate::cancelled ? ClaimOutcome::cancelled
                                                                : ClaimOutcome::success;
    const Claim claim = end_claim(actor.claim, result, "done", wall(actor));
    at(now_ + delay(), [this, who, claim, result] {
      // The end goes by what stands there, as long as it is ours.
      if (!ref_.claim || ref_.claim->claim_id != actors_[who].claim.claim_id) return;
      ref_ = {++versions_, claim};
      outcome_.finished = outcome_.finished || result != ClaimOutcome::cancelled;
    });
  }

  struct Event {
    Duration when{};
    int order = 0;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return std::tie(other.when, other.order) < std::tie(when, order);
    }
  };

  Variant variant_;
  std::mt19937 random_;
  Policy policy_;
  Duration now_{};
  int next_ = 0;
  int versions_ = 0;
  Ref ref_;
  std::map<int, Actor> actors_;
  std::priority_queue<Event> events_;
  Outcome outcome_;
};

bool overlap(const std::vector<Work>& work) {
  for (std::size_t i = 0; i < work.size(); ++i)
    for (std::size_t j = i + 1; j < work.size(); ++j)
      if (work[i].from < work[j].until && work[j].from < work[i].until) return true;
  return false;
}

struct Verdicts {
  int twice_at_once = 0;
  int nobody = 0;
};

Verdicts simulate(Variant variant, unsigned rounds) {
  Verdicts found;
  for (unsigned seed = 0; seed < rounds; ++seed) {
    const Outcome outcome = World(variant, seed).run();
    if (overlap(outcome.work)) ++found.twice_at_once;
    if (!outcome.finished && !outcome.last_caller_ran) ++found.nobody;
  }
  return found;
}

constexpr unsigned rounds = 3000;

}  // namespace

TEST_CASE(
    "in no schedule do two holders work at once, and in none does everybody skip what nobody did") {
  const Verdicts found = simulate(Variant::right, rounds);
  CHECK(found.twice_at_once == 0);
  CHECK(found.nobody == 0);
}

TEST_CASE("the schedules are hard enough: each broken variant is caught", "[bulk]") {
  CHECK(simulate(Variant::no_expected_value, rounds).twice_at_once > 0);
  CHECK(simulate(Variant::delete_then_create, rounds).twice_at_once > 0);
  CHECK(simulate(Variant::skew_ignored, rounds).twice_at_once > 0);
  CHECK(simulate(Variant::never_halts, rounds).twice_at_once > 0);
}
