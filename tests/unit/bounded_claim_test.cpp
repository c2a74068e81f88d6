// One scope, launched thousands of times through the loop that every gate uses, over stores that
// take notes and stores that do not.

#include <cstdlib>
#include <map>
#include <set>

#include "call/invocation.h"
#include "catch.h"
#include "core/claim/outbox.h"
#include "core/claim/transition.h"
#include "core/event/scope.h"
#include "state/claiming.h"
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

struct Way {
  const char* name;
  bool force;         ///< else the former session ends first
  bool takeover;      ///< the former session is lost
  bool notes;         ///< the store takes them
  std::string names;  ///< of workflow and job
  int launches;
};

}  // namespace

TEST_CASE("no number of launches locks a scope, and each line that was taken is there once") {
  // Without a bound the record would be over 64 KiB after some 35 launches.
  const bool full = std::getenv("REFGATE_E2E_FULL") != nullptr;
  const int many = full ? 5000 : 70;
  const std::string quotes(1000, '"');
  const Way way =
      GENERATE_COPY(Way{"forced", true, false, true, "review", many},
                    Way{"failed and retried", false, false, true, "review", many},
                    Way{"taken over", false, true, true, "review", many},
                    Way{"forced, no notes", true, false, false, "review", many},
                    Way{"retried, no notes", false, false, false, "review", many},
                    Way{"long names", true, false, true, quotes, full ? 5000 : 12},
                    Way{"long names, no notes", false, true, false, quotes, full ? 5000 : 12});
  CAPTURE(way.name);
  const auto store = way.notes ? open_memory_store() : std::make_unique<NoNotes>();
  const Informants nobody;
  const std::string name_space = "refgate";
  Request request;
  request.event = "push";
  request.workflow = request.session_key = request.holder.job = way.names;
  request.scope = request.first_door = "refs/refgate/claims/x/y";
  Policy policy;
  policy.force = way.force;
  policy.retry = Retry::allow;
  if (way.takeover) policy.lease = policy.skew = Duration(0);

  std::set<std::string> true_lines;
  std::size_t longest = 0;
  std::size_t left_out = 0;
  for (int launch = 0; launch < way.launches; ++launch) {
    request.nonce = fresh_nonce();
    request.holder.run_id = std::to_string(launch);
    const Acquired won = acquire(*store, {request, policy, name_space, nobody}, {}, {});
    REQUIRE(won.decision.verdict == Verdict::run);
    Claim claim = *won.decision.next;
    left_out += won.left_out;
    for (const AuditEntry& line : claim.outbox)
      true_lines.insert(line.id);
    if (!way.force && !way.takeover) {
      const Ended ended = update_claim(
          *store, {request.scope, claim.claim_id, name_space, {claim, won.version}},
          [](const Claim& held) {
            return end_claim(held, ClaimOutcome::failure, "failure", now());
          },
          Publish::everything);
      REQUIRE(ended.result == Ended::Result::ended);
      claim = ended.claim;
      left_out += ended.left_out;
    }
    for (const AuditEntry& line : claim.outbox)
      true_lines.insert(line.id);
    longest = std::max(longest, encode_claim(claim).size());
    REQUIRE(outbox_fits(claim.outbox));
  }
  CHECK(longest < longest_claim);
  const SeenClaim last = read_claim(*store, request.scope);
  CHECK(last.claim->generation == static_cast<std::uint64_t>(way.launches));
  CHECK(last.claim->left_out == left_out);

  // Every line stands in a note or in the outbox, unless it was left out and named.
  std::set<std::string> there;
  for (const AuditEntry& line : last.claim->outbox)
    there.insert(line.id);
  for (const auto& [ref, version] : store->list(notes_prefix("refgate")))
    there.insert(ref.substr(ref.rfind('/') + 1));
  CHECK(there.size() + left_out == true_lines.size());
  CHECK((left_out == 0) == way.notes);
  CHECK(true_lines.size() >= static_cast<std::size_t>(way.launches));
}
