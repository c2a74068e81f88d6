// One scope, launched thousands of times through the loop that every gate uses, over stores that
// take notes and stores that do not.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "call/invocation.h"
#include "catch.h"
#include "core/claim/outbox.h"
#include "core/claim/transition.h"
#include "core/event/scope.h"
#include "core/record/folding.h"
#include "state/claiming.h"
#include "state/fold_record.h"
#include "store/open.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

/// What a ruleset does: notes are refused, each, and a push that holds one is refused whole.
class NoNotes final : public Store {
 public:
  std::map<std::string, Version> list(std::string_view prefix) override {
    return under_->list(prefix);
  }
  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    return under_->read(refs);
  }
  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    return under_->read_all(prefix);
  }
  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    std::vector<SwapOutcome> outcomes;
    for (const Change& change : changes)
      outcomes.push_back(change.ref.starts_with("refs/notes/")
                             ? SwapOutcome{SwapResult::refused, std::nullopt, "declined"}
                             : under_->swap(std::span(&change, 1)).front());
    return outcomes;
  }
  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    return under_->last_seen(prefix);
  }
  std::string describe() const override { return "no notes"; }
  Traffic traffic() const override { return under_->traffic(); }

 private:
  std::unique_ptr<Store> under_ = open_memory_store();
};

/// How a launch comes about, after the one before it.
enum class By {
  retry,     ///< that one failed
  force,     ///< that one lives
  takeover,  ///< that one is lost
};

struct Way {
  const char* name;
  std::vector<By> by;  ///< in turn
  bool notes;          ///< the store takes them
  std::string names;   ///< of workflow and job
  int launches;
};

const std::string the_scope = "refs/refgate/claims/x/y";
const std::string name_space = "refgate";

class Launches {
 public:
  explicit Launches(const Way& way)
      : way_(way), store_(way.notes ? open_memory_store() : std::make_unique<NoNotes>()) {
    request_.event = "push";
    request_.workflow = request_.session_key = request_.holder.job = way.names;
    request_.scope = request_.first_door = the_scope;
  }

  /// One launch, and what the next one takes.
  void launch(int number) {
    Policy policy;
    policy.retry = Retry::allow;
    policy.force = by(number) == By::force;
    if (by(number + 1) == By::takeover) policy.lease = policy.skew = Duration(0);
    request_.nonce = fresh_nonce();
    request_.holder.run_id = std::to_string(number);
    const Acquired won = acquire(*store_, {request_, policy, name_space, nobody_}, {}, {});
    REQUIRE(won.decision.verdict == Verdict::run);
    REQUIRE(won.decision.next->generation == static_cast<std::uint64_t>(number) + 1);
    left_out += won.left_out;
    note(*won.decision.next);
    if (by(number + 1) == By::retry) fail(*won.decision.next, won.version);
  }

  Store& store() { return *store_; }

  std::size_t longest = 0;
  std::size_t most_lines = 0;
  std::size_t left_out = 0;
  std::set<std::string> taken;  ///< ids of the lines that the server took, in whatever place

 private:
  By by(int number) const { return way_.by[static_cast<std::size_t>(number) % way_.by.size()]; }

  void fail(const Claim& claim, const std::optional<Version>& version) {
    const Ended ended = update_claim(
        *store_, {the_scope, claim.claim_id, name_space, {claim, version}},
        [](const Claim& held) { return end_claim(held, ClaimOutcome::failure, "failure", now()); },
        Publish::everything);
    REQUIRE(ended.result == Ended::Result::ended);
    left_out += ended.left_out;
    note(ended.claim);
  }

  void note(const Claim& claim) {
    const auto stored = store_->read(std::span(&the_scope, 1));
    longest = std::max(longest, stored.at(the_scope).files.at(std::string(claim_file)).size());
    most_lines = std::max(most_lines, claim.outbox.size());
    for (const AuditEntry& line : claim.outbox)
      taken.insert(line.id);
  }

  const Way& way_;
  std::unique_ptr<Store> store_;
  const Informants nobody_;
  Request request_;
};

/// The ids of all lines in all notes, those that stand twice too.
std::multiset<std::string> lines_in_notes(Store& store) {
  std::multiset<std::string> ids;
  for (const auto& [ref, stored] : store.read_all(notes_prefix(name_space)))
    for (const auto& [path, text] : stored.files)
      for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        ids.insert(*entry_id_of(std::string_view(text).substr(at, text.find('\n', at) - at)));
  return ids;
}

/// Of launches: a store that takes no notes has full outboxes, which cost ten times as much, and a
/// build that is not optimised the same again.
int how_many(int by_default) {
  if (std::getenv("REFGATE_E2E_FULL") != nullptr) return 5000;
#ifdef __OPTIMIZE__
  return by_default;
#else
  return by_default / 20;
#endif
}

}  // namespace

TEST_CASE("no number of launches locks a scope, and each line that was taken is there once",
          "[bulk]") {
  // Without a bound the record would be over 64 KiB after some 35 launches.
  const std::string quotes(1000, '"');
  const std::vector in_turn{By::retry, By::force, By::takeover};
  const Way way = GENERATE_COPY(Way{"in turn", in_turn, true, "review", how_many(5000)},
                                Way{"in turn, no notes", in_turn, false, "review", how_many(1000)},
                                Way{"retried", {By::retry}, true, "review", 70},
                                Way{"retried, no notes", {By::retry}, false, "review", 70},
                                Way{"forced", {By::force}, true, "review", 70},
                                Way{"taken over, no notes", {By::takeover}, false, "review", 70},
                                Way{"long names", {By::force}, true, quotes, 12},
                                Way{"long names, no notes", {By::takeover}, false, quotes, 12});
  CAPTURE(way.name);
  Launches scope(way);
  for (int number = 0; number < way.launches; ++number)
    scope.launch(number);
  CHECK(scope.longest < longest_claim);
  CHECK(scope.most_lines <= most_outbox_lines);
  const SeenClaim last = read_claim(scope.store(), the_scope);
  CHECK(last.claim->generation == static_cast<std::uint64_t>(way.launches));
  CHECK(last.claim->left_out == scope.left_out);
  CHECK((scope.left_out == 0) == way.notes);
  CHECK(scope.taken.size() >= static_cast<std::size_t>(way.launches));

  // Every line stands in a note or in the outbox, unless it was left out and counted.
  const auto noted = lines_in_notes(scope.store());
  std::set<std::string> there(noted.begin(), noted.end());
  for (const AuditEntry& line : last.claim->outbox)
    there.insert(line.id);
  CHECK(there.size() + scope.left_out == scope.taken.size());
  CHECK(std::includes(scope.taken.begin(), scope.taken.end(), there.begin(), there.end()));

  // Folded, each stands once.
  FoldReport report;
  fold_record(scope.store(), name_space, {now(), true, last.claim->outbox, false}, report);
  const auto folded = lines_in_notes(scope.store());
  if (!way.notes) {
    CHECK(folded.empty());
    CHECK(report.published.empty());
    return;
  }
  CHECK(std::equal(folded.begin(), folded.end(), scope.taken.begin(), scope.taken.end()));
  for (const AuditEntry& line : last.claim->outbox)
    CHECK(report.published.contains(line.id));
}
