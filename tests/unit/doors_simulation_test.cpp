// Doors, jobs of one run and given-back ends against a model of the store: every short order of a
// push, a pull request 7 to main and 8 to release, and many long ones, each holding, ending, giving
// back, lost, released, forced, forgotten by gc. What truly became of each session is kept beside
// the store, and variants that are broken on purpose must be caught.
//
// A look and the swap after it are one step here; what rivals do between the two is the races'
// part.

#include <map>
#include <random>

#include "catch.h"
#include "core/claim/transition.h"
#include "core/decision/decision.h"
#include "core/decision/doors.h"
#include "core/event/scope.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant t0 = *parse_rfc3339("2026-11-22T00:00:00Z");

enum class Variant {
  right,
  covers_ignored,        ///< any claim of the head answers to any pull request
  ambiguous_mutes,       ///< what cannot be told apart promises all the same
  given_back_is_done,    ///< nothing was executed, and it is remembered as done
  door_before_look,      ///< a pull request goes to its own door whatever stands at the first
  first_door_forgotten,  ///< gc takes the first door while another stands
  worst_door_decides,    ///< of the doors that cover, not the best one counts
  jobs_of_one_run_meet,  ///< the later job of a run is a duplicate of the first
};

enum class Kind { push, seven, eight };

/// What truly became of a session, whatever the store says.
enum class Fate { lives, done, done_long_ago, failed, nothing };

struct Session {
  Kind kind = Kind::push;
  std::string run;
  Fate fate = Fate::lives;
  bool ambiguous = false;
};

enum class Step {
  ask,
  ask_forced,
  ask_retry,
  ask_again_in_its_run,
  succeed,
  fail,
  cancel,
  give_back,
  lose,
  release,
  window_passes,
  be_forgotten,
};

struct Move {
  Step step = Step::ask;
  Kind kind = Kind::push;  ///< who asks; else whose latest session it happens to
};

struct Faults {
  int launched_twice = 0;
  int skipped_for_nothing = 0;
  int refused_its_own_run = 0;

  int all() const { return launched_twice + skipped_for_nothing + refused_its_own_run; }
};

class World {
 public:
  explicit World(Variant variant) : variant_(variant) {}

  void move(const Move& next, Faults& faults) {
    switch (next.step) {
      case Step::ask:
      case Step::ask_forced:
      case Step::ask_retry:
        return ask(next.kind, next.step, "run " + std::to_string(++runs_), faults);
      case Step::ask_again_in_its_run:
        if (const Session* latest = latest_of(next.kind))
          ask(next.kind, next.step, std::string(latest->run), faults);
        return;
      default:
        return happen(next);
    }
  }

 private:
  Request request_of(Kind kind, const std::string& run) {
    Request request;
    request.holder.run_id = run;
    request.holder.job = "agent";
    request.holder.instance = std::to_string(++nonces_);
    request.event = kind == Kind::push ? "push" : "pull_request";
    request.workflow = "w";
    request.commit = "c";
    request.session_key = "k";
    request.nonce = "nonce " + std::to_string(nonces_);
    request.first_door = request.scope = first_;
    if (kind == Kind::seven) request.covers = {{"7", "main"}};
    if (kind == Kind::eight) request.covers = {{"8", "release"}};
    request.in_run = request.tells_jobs = true;
    return request;
  }

  std::vector<ClaimAtDoor> doors_as_seen() const {
    std::vector<ClaimAtDoor> doors;
    for (const auto& [ref, claim] : store_) {
      doors.push_back({ref, claim});
      if (variant_ == Variant::ambiguous_mutes) doors.back().claim.ambiguous = false;
      if (variant_ == Variant::covers_ignored) doors.back().claim.covers.clear();
    }
    return doors;
  }

  Door door_of(const Request& request, const std::vector<ClaimAtDoor>& doors) const {
    const auto at = [&](const std::string& ref) -> const ClaimAtDoor* {
      for (const ClaimAtDoor& door : doors)
        if (door.ref == ref) return &door;
      return nullptr;
    };
    if (variant_ == Variant::door_before_look && !request.covers.empty()) {
      const std::string ref = door_for(request.first_door, request.covers);
      return {ref, at(ref), nullptr};
    }
    if (variant_ == Variant::worst_door_decides) {
      const ClaimAtDoor* found = at(request.first_door);
      for (const ClaimAtDoor& door : doors)
        if (covers(door.claim, request, t0) && door.claim.state == ClaimState::ended) found = &door;
      if (found != nullptr && covers(found->claim, request, t0))
        return {found->ref, found, nullptr};
    }
    return choose_door(request, doors, t0);
  }

  void ask(Kind kind, Step how, const std::string& run, Faults& faults) {
    Request request = request_of(kind, run);
    if (variant_ == Variant::jobs_of_one_run_meet) request.tells_jobs = false;
    Policy policy;
    policy.force = how == Step::ask_forced;
    if (how == Step::ask_retry) policy.retry = Retry::allow;
    // A push looks at nothing before: its own push tells it when something stands there.
    const bool looks = kind != Kind::push || store_.contains(first_);
    const std::vector<ClaimAtDoor> doors = looks ? doors_as_seen() : std::vector<ClaimAtDoor>();
    const Door door = door_of(request, doors);
    request.scope = door.ref;
    if (door.met != nullptr) {
      request.met = door.met->claim;
      store_.at(door.met->ref).ambiguous = true;
      if (const auto met = sessions_.find(door.met->claim.claim_id); met != sessions_.end())
        met->second.ambiguous = true;
    }
    const Decision decision =
        decide(door.there == nullptr ? std::nullopt : std::optional(door.there->claim), request,
               policy, t0);
    if (decision.verdict == Verdict::skip) return judge_skip(kind, run, faults);
    if (how != Step::ask_forced && decision.code != ReasonCode::same_run)
      judge_launch(kind, faults);
    // Who is replaced by force halts.
    if (const auto former = store_.find(door.ref); former != store_.end())
      if (const auto session = sessions_.find(former->second.claim_id);
          session != sessions_.end() && session->second.fate == Fate::lives)
        session->second.fate = Fate::nothing;
    store_[door.ref] = *decision.next;
    sessions_[decision.next->claim_id] = {kind, run, Fate::lives, decision.next->ambiguous};
    latest_[kind] = decision.next->claim_id;
  }

  static bool answers(const Session& session, Kind kind) {
    if (session.fate == Fate::nothing || session.ambiguous) return false;
    if (session.kind == kind) return true;
    if (session.kind != Kind::push && kind != Kind::push) return false;
    return session.fate != Fate::done_long_ago;
  }

  void judge_launch(Kind kind, Faults& faults) const {
    for (const auto& [id, session] : sessions_)
      if (session.fate == Fate::lives && answers(session, kind)) ++faults.launched_twice;
  }

  void judge_skip(Kind kind, const std::string& run, Faults& faults) const {
    bool answered = false;
    bool by_others = false;
    for (const auto& [id, session] : sessions_)
      if (answers(session, kind)) {
        answered = true;
        by_others = by_others || session.run != run;
      }
    if (answered && !by_others) ++faults.refused_its_own_run;
    if (!answered) ++faults.skipped_for_nothing;
  }

  const Session* latest_of(Kind kind) const {
    const auto id = latest_.find(kind);
    return id == latest_.end() ? nullptr : &sessions_.at(id->second);
  }

  void happen(const Move& next) {
    const auto id = latest_.find(next.kind);
    if (id == latest_.end()) return;
    for (auto& [ref, claim] : store_)
      if (claim.claim_id == id->second)
        return happen_to(ref, claim, sessions_.at(id->second), next.step);
  }

  void happen_to(const std::string& ref, Claim& claim, Session& session, Step step) {
    const bool lives = claim.state != ClaimState::ended;
    switch (step) {
      case Step::succeed:
      case Step::fail:
      case Step::cancel:
        if (!lives) return;
        claim = end_claim(claim,
                          step == Step::succeed ? ClaimOutcome::success
                          : step == Step::fail  ? ClaimOutcome::failure
                                                : ClaimOutcome::cancelled,
                          "ended", t0);
        session.fate = step == Step::succeed ? Fate::done
                       : step == Step::fail  ? Fate::failed
                                             : Fate::nothing;
        return;
      case Step::give_back:
        if (!lives) return;
        claim = variant_ == Variant::given_back_is_done
                    ? end_claim(claim, ClaimOutcome::success, "skipped", t0)
                    : give_back_claim(claim, "nothing was executed", t0);
        session.fate = Fate::nothing;
        return;
      case Step::lose:
        if (!lives) return;
        claim.lease_until = t0 - claim.limits.skew - 1s;
        session.fate = Fate::nothing;
        return;
      case Step::release:
        claim = release_claim(claim, "ann", "stuck", t0);
        session.fate = Fate::nothing;
        return;
      case Step::window_passes:
        if (lives || claim.outcome != ClaimOutcome::success) return;
        claim.ended_at = t0 - 2h;
        if (session.fate == Fate::done) session.fate = Fate::done_long_ago;
        return;
      case Step::be_forgotten: {
        if (lives) return;
        claim.ended_at = t0 - claim.limits.memory - 1h;
        session.fate = Fate::nothing;
        std::vector<std::string> standing;
        for (const auto& [each, other] : store_)
          standing.push_back(each);
        const bool kept = has_other_doors(ref, standing);
        if (!kept || variant_ == Variant::first_door_forgotten) store_.erase(std::string(ref));
        return;
      }
      default:
        return;
    }
  }

  Variant variant_;
  const std::string first_ = "refs/refgate/claims/head-c.feature/agent.yml+agent";
  std::map<std::string, Claim> store_;
  std::map<std::string, Session> sessions_;
  std::map<Kind, std::string> latest_;
  int runs_ = 0;
  int nonces_ = 0;
};

constexpr Kind kinds[] = {Kind::push, Kind::seven, Kind::eight};

/// Every order of `depth` moves out of `moves`.
void every_order(const World& world, const std::vector<Move>& moves, int depth, Faults& faults) {
  if (depth == 0) return;
  for (const Move& next : moves) {
    World after = world;
    after.move(next, faults);
    every_order(after, moves, depth - 1, faults);
  }
}

Faults short_orders(Variant variant, int depth) {
  std::vector<Move> moves;
  for (const Kind kind : kinds)
    for (const Step step : {Step::ask, Step::succeed, Step::give_back, Step::lose})
      moves.push_back({step, kind});
  Faults faults;
  every_order(World(variant), moves, depth, faults);
  return faults;
}

Faults long_orders(Variant variant, unsigned rounds) {
  Faults faults;
  for (unsigned seed = 0; seed < rounds; ++seed) {
    std::mt19937 random(seed);
    const auto number = [&](int least, int most) {
      return std::uniform_int_distribution<int>(least, most)(random);
    };
    World world(variant);
    for (int moves = 0; moves < 24; ++moves) {
      const Step step = number(0, 1) == 0 ? Step::ask : static_cast<Step>(number(0, 11));
      world.move({step, kinds[number(0, 2)]}, faults);
    }
  }
  return faults;
}

constexpr unsigned rounds = 1500;

}  // namespace

TEST_CASE(
    "in no order of pushes and pull requests is a piece of work launched twice or skipped "
    "for nothing") {
  for (const Faults& faults :
       {short_orders(Variant::right, 4), long_orders(Variant::right, rounds)}) {
    CHECK(faults.launched_twice == 0);
    CHECK(faults.skipped_for_nothing == 0);
    CHECK(faults.refused_its_own_run == 0);
  }
}

TEST_CASE("the orders are hard enough: each broken variant of the doors is caught", "[bulk]") {
  CHECK(long_orders(Variant::covers_ignored, rounds).skipped_for_nothing > 0);
  CHECK(long_orders(Variant::ambiguous_mutes, rounds).skipped_for_nothing > 0);
  CHECK(long_orders(Variant::given_back_is_done, rounds).skipped_for_nothing > 0);
  CHECK(long_orders(Variant::door_before_look, rounds).launched_twice > 0);
  CHECK(long_orders(Variant::first_door_forgotten, rounds).launched_twice > 0);
  CHECK(long_orders(Variant::worst_door_decides, rounds).launched_twice > 0);
  CHECK(long_orders(Variant::jobs_of_one_run_meet, rounds).refused_its_own_run > 0);
}
