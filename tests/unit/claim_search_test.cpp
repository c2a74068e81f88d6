// What is read of a store with thousands of claims to find one by its id, or to forget a few.

#include "call/invocation.h"
#include "catch.h"
#include "core/event/scope.h"
#include "job/subject/own_claims.h"
#include "state/claiming.h"
#include "store/open.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

/// Counts the refs whose content was asked for.
class Counting final : public Store {
 public:
  std::size_t read_refs = 0;
  std::size_t most_at_once = 0;

  std::map<std::string, Version> list(std::string_view prefix) override {
    return under_->list(prefix);
  }
  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    return counted(under_->read(refs));
  }
  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    return counted(under_->read_all(prefix));
  }
  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    return under_->swap(changes);
  }
  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    return under_->last_seen(prefix);
  }
  std::string describe() const override { return "counting"; }
  Traffic traffic() const override { return under_->traffic(); }

 private:
  std::map<std::string, Stored> counted(std::map<std::string, Stored> read) {
    read_refs += read.size();
    most_at_once = std::max(most_at_once, read.size());
    return read;
  }

  std::unique_ptr<Store> under_ = open_memory_store();
};

constexpr int many = 5000;
const std::string name_space = "refgate";

std::string commit_of(int number) {
  const std::string digits = std::to_string(1'000'000 + number);
  return digits + std::string(33, 'c');
}

std::string ref_of(int number, const std::string& share = "") {
  Scope scope;
  scope.identity.kind = "push";
  scope.identity.value = "refs/heads/main " + commit_of(number);
  scope.share = share.empty() ? "review-" + std::to_string(number % 50) + ".yml" : share;
  scope.job = "agent";
  return claim_ref(scope, name_space);
}

Claim claim_numbered(int number, Instant at) {
  Claim claim;
  claim.claim_id = "id-" + std::to_string(number);
  claim.session_key = "review";
  claim.holder.run_id = std::to_string(100'000 + number);
  claim.commit = commit_of(number);
  claim.state = ClaimState::ended;
  claim.outcome = ClaimOutcome::success;
  claim.claimed_at = claim.renewed_at = claim.lease_until = at;
  claim.ended_at = at;
  claim.limits = {15min, 1min, 24h, 1h};
  return claim;
}

void put(Store& store, const std::string& ref, const Claim& claim) {
  const Change change{ref, std::nullopt, claim_snapshot(claim)};
  REQUIRE(store.swap(std::span(&change, 1)).front().result == SwapResult::swapped);
}

void fill(Store& store, Instant at) {
  for (int number = 0; number < many; ++number)
    put(store, ref_of(number), claim_numbered(number, at));
}

}  // namespace

TEST_CASE("a claim is found by its id, and those that are likely are read first") {
  Counting store;
  fill(store, now());
  struct Row {
    const char* name;
    ClaimHints hints;
    std::size_t most;
  };
  const int wanted = 4321;
  const std::vector<Row> rows{
      {"its commit is known", {commit_of(wanted), "", ""}, 1},
      {"the commit of another is known, and the share", {commit_of(7), "", ref_of(wanted)}, 101},
      {"its share is known", {"", "", ref_of(1, "review-21.yml")}, 100},
      {"nothing fits", {std::string(40, 'f'), "77", ref_of(1, "x.yml")}, many},
      {"nothing is known", {}, many},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    store.read_refs = store.most_at_once = 0;
    CHECK(search_claim(store, name_space, "id-4321", row.hints) == ref_of(wanted));
    CHECK(store.read_refs <= row.most);
    CHECK(store.most_at_once <= most_searched_at_once);
  }
  store.read_refs = 0;
  CHECK(search_claim(store, name_space, "nobody's", {commit_of(1), "", ""}).empty());
  CHECK(store.read_refs == many);
  // The search ends with the batch that holds it.
  store.read_refs = 0;
  CHECK(search_claim(store, name_space, "id-3", {}) == ref_of(3));
  CHECK(store.read_refs == most_searched_at_once);
}

TEST_CASE("a name that is likely is in one group only, and none is left out") {
  std::map<std::string, Version> names;
  for (int number = 0; number < 100; ++number)
    names.emplace(ref_of(number), Version{});
  const auto groups = likeliest_first(names, {commit_of(5), "", ref_of(5)});
  REQUIRE(groups.size() == 3);
  CHECK(groups[0] == std::vector{ref_of(5)});
  CHECK(groups[1] == std::vector{ref_of(55)});
  CHECK(groups[2].size() == 98);
}

TEST_CASE("a sweep reads a few of many claims, and comes to all of them in time") {
  Counting store;
  fill(store, now() - 48h);
  CHECK(sweep(store, name_space, 20, 10s) == 20);
  CHECK(store.read_refs <= 64);
  CHECK(store.list(claims_prefix(name_space)).size() == many - 20);
  std::size_t sweeps = 0;
  Counting few;
  for (int number = 0; number < 200; ++number)
    put(few, ref_of(number), claim_numbered(number, number < 100 ? now() : now() - 48h));
  while (few.list(claims_prefix(name_space)).size() > 100 && ++sweeps < 1000)
    sweep(few, name_space, 20, 10s);
  CHECK(few.list(claims_prefix(name_space)).size() == 100);
}

TEST_CASE("a sweep leaves the claim that alone tells that lines are missing") {
  Counting store;
  Claim telling = claim_numbered(1, now() - 48h);
  telling.left_out = 3;
  put(store, ref_of(1), telling);
  put(store, ref_of(2), claim_numbered(2, now() - 48h));
  CHECK(sweep(store, name_space, 20, 10s) == 1);
  CHECK(store.list(claims_prefix(name_space)).contains(ref_of(1)));
}

TEST_CASE("a sweep takes a scope's first door last") {
  Counting store;
  const std::string first = ref_of(1);
  const std::string door = door_for(first, {{"7", "main"}});
  put(store, first, claim_numbered(1, now() - 48h));
  put(store, door, claim_numbered(2, now()));
  put(store, ref_of(3), claim_numbered(3, now() - 48h));
  CHECK(sweep(store, name_space, 20, 10s) == 1);
  const auto names = store.list(claims_prefix(name_space));
  CHECK(names.contains(first));
  CHECK(names.contains(door));
  // With the door goes its reason to stay.
  const Change gone{door, names.at(door), std::nullopt};
  REQUIRE(store.swap(std::span(&gone, 1)).front().result == SwapResult::swapped);
  CHECK(sweep(store, name_space, 20, 10s) == 1);
  CHECK(store.list(claims_prefix(name_space)).empty());
}
