#include "core/policy/budget.h"

#include "catch.h"
#include "core/policy/ledger_folding.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {
const Instant t0 = *parse_rfc3339("2026-11-22T02:20:40.123Z");
}

TEST_CASE("a budget counts the launches of any stretch of its window, and says when it frees") {
  const Budget budget{BudgetKind::actor, 2, 1h};
  Ledger ledger;
  CHECK_FALSE(spent_until(ledger, budget, t0));
  ledger = spend(ledger, budget, "a", t0);
  CHECK_FALSE(spent_until(ledger, budget, t0 + 1min));
  ledger = spend(ledger, budget, "b", t0 + 10min);
  CHECK(spent_until(ledger, budget, t0 + 20min) == t0 + 1h);
  CHECK(spent_until(ledger, budget, t0 + 1h - 1ms) == t0 + 1h);
  CHECK_FALSE(spent_until(ledger, budget, t0 + 1h));
  ledger = spend(ledger, budget, "c", t0 + 1h);
  CHECK(spent_until(ledger, budget, t0 + 1h) == t0 + 70min);
  CHECK(ledger.launches.size() == 2);
}

TEST_CASE("one claim is one launch, and what did not take place is given back") {
  const Budget budget{BudgetKind::scope, 1, 1h};
  Ledger ledger = spend(spend({}, budget, "a", t0), budget, "a", t0 + 1min);
  CHECK(ledger.launches.size() == 1);
  CHECK_FALSE(spent_until(give_back(ledger, "a"), budget, t0 + 1min));
}

TEST_CASE("a budget of none never frees, and the longest window decides what is kept") {
  CHECK(spent_until({}, {BudgetKind::scope, 0, 1h}, t0));
  Ledger ledger = spend({}, {BudgetKind::scope, 5, 24h}, "a", t0);
  ledger = spend(ledger, {BudgetKind::scope, 5, 1h}, "b", t0 + 2h);
  CHECK(ledger.launches.size() == 2);
  CHECK_FALSE(is_expired(ledger, t0 + 24h));
  CHECK(is_expired(ledger, t0 + 26h));
}

TEST_CASE("ledgers survive their text form, and anything else is named") {
  const Ledger ledger = spend(spend({}, {BudgetKind::scope, 5, 24h}, "a", t0),
                              {BudgetKind::scope, 5, 24h}, "b", t0 + 1s);
  CHECK(std::get<Ledger>(decode_ledger(encode_ledger(ledger))) == ledger);
  for (const char* bad :
       {"", "[]", "{}", R"({"version":1})", R"({"version":1,"keep_ms":-1,"launches":[]})",
        R"({"version":1,"keep_ms":1,"launches":[1]})",
        R"({"version":1,"keep_ms":1,"launches":[{"claim_id":"a","at":"noon"}]})"}) {
    CAPTURE(bad);
    REQUIRE(std::holds_alternative<ClaimError>(decode_ledger(bad)));
    CHECK(std::get<ClaimError>(decode_ledger(bad)).kind == ClaimErrorKind::broken);
  }
  CHECK(std::get<ClaimError>(decode_ledger(R"({"version":3})")).kind ==
        ClaimErrorKind::newer_version);
}

TEST_CASE("each subject of a budget has a ledger of its own") {
  CHECK(ledger_ref({BudgetKind::actor, 1, 1h}, "octocat", "refgate") ==
        "refs/refgate/budgets/actor/octocat");
  CHECK(ledger_ref({BudgetKind::workflow, 1, 1h}, "a/b", "refgate") !=
        ledger_ref({BudgetKind::workflow, 1, 1h}, "a%2Fb", "refgate"));
}

TEST_CASE("no number of launches makes a ledger that cannot be read, and none is forgotten") {
  const Budget budget{BudgetKind::workflow, 200'001, 24h * 3650};
  Ledger ledger;
  for (int i = 0; i < 200'000; ++i)
    ledger.launches.push_back({"0123456789abcdef0123456789abcdef", t0 + i * 20min});
  const Instant later = t0 + 200'000 * 20min;
  ledger = spend(ledger, budget, "one more", later);
  CHECK(encode_ledger(ledger).size() <= longest_ledger);
  CHECK(std::get<Ledger>(decode_ledger(encode_ledger(ledger))) == ledger);
  CHECK(spent_until(ledger, budget, later));
  CHECK_FALSE(spent_until(ledger, {BudgetKind::workflow, 200'002, 24h * 3650}, later));
  CHECK(spend(ledger, budget, "one more", later) == ledger);
}

TEST_CASE("launches of any rate stay one record, and each is counted for its window") {
  struct Row {
    const char* name;
    Duration every;
    Duration window;
    bool settled;
  };
  for (const Row& row : {Row{"one a second, nobody ends", 1s, 24h, false},
                         Row{"one a minute, in half a day", 1min, 12h, true},
                         Row{"one an hour, in ten years", 1h, 24h * 3650, true},
                         Row{"two a day, in ten years, nobody ends", 12h, 24h * 3650, false}}) {
    CAPTURE(row.name);
    const Budget budget{BudgetKind::workflow, 1'000'000, row.window};
    Ledger ledger;
    Instant at = t0;
    std::size_t longest = 0;
    for (int i = 0; i < 1'500; ++i, at += row.every) {
      const std::string claim = "0123456789abcdef0123456789a" + std::to_string(10'000 + i);
      ledger = spend(std::move(ledger), budget, claim, at);
      if (row.settled) ledger = *settle(std::move(ledger), claim, {}, at);
      if (i % 20 == 0) longest = std::max(longest, encode_ledger(ledger).size());
    }
    CHECK(longest <= longest_ledger);
    const auto counted = std::min<std::uint64_t>(1'500, row.window / row.every - 1);
    CHECK(used_of(ledger, budget, at) >= counted);
    CHECK(std::get<Ledger>(decode_ledger(encode_ledger(ledger))) == ledger);
  }
}

TEST_CASE("what became a count is counted for at least as long as it was launched") {
  const Budget budget{BudgetKind::workflow, 2'001, 24h};
  Ledger ledger;
  for (int i = 0; i < 2'000; ++i)
    ledger.launches.push_back({std::to_string(i), t0 + i * 1s});
  ledger = spend(ledger, budget, "last", t0 + 2'000s);
  REQUIRE_FALSE(ledger.counts.empty());
  REQUIRE(ledger.launches.size() < 2'000);
  REQUIRE(spent_until(ledger, budget, t0 + 23h));
  CHECK(*spent_until(ledger, budget, t0 + 23h) >= t0 + 24h);
  CHECK(*spent_until(ledger, budget, t0 + 23h) <= t0 + 25h);
  CHECK_FALSE(spent_until(ledger, budget, t0 + 25h));
}

namespace {

Spent usd(std::uint64_t cents) { return {Usd{cents * 10'000}, std::nullopt}; }
const Budget two_dollars{BudgetKind::repo, 2'000'000, 1h, BudgetUnit::usd};

}  // namespace

TEST_CASE("a budget of money holds what was reserved, then what it cost") {
  Ledger ledger;
  for (const char* claim : {"a", "b", "c", "d"}) {
    CHECK_FALSE(spent_until(ledger, two_dollars, t0, usd(50)));
    ledger = spend(ledger, two_dollars, claim, t0, usd(50));
  }
  CHECK(spent_until(ledger, two_dollars, t0 + 1min, usd(50)) == t0 + 1h);
  CHECK(spent_until(ledger, two_dollars, t0 + 1min, usd(1)) == t0 + 1h);
  CHECK(used_of(ledger, two_dollars, t0 + 1min) == 2'000'000);
  ledger = *settle(ledger, "b", usd(10), t0 + 2min);
  CHECK(used_of(ledger, two_dollars, t0 + 3min) == 1'600'000);
  CHECK(spent_until(ledger, two_dollars, t0 + 3min, usd(50)) == t0 + 1h);
  CHECK_FALSE(spent_until(ledger, two_dollars, t0 + 3min, usd(40)));
  // What cost more than it had reserved counts as it did.
  ledger = *settle(ledger, "c", usd(500), t0 + 3min);
  CHECK(used_of(ledger, two_dollars, t0 + 4min) == 6'100'000);
  CHECK_FALSE(spent_until(ledger, two_dollars, t0 + 1h, usd(50)));
}

TEST_CASE("who says no cost goes on counting as reserved, and nothing is settled twice") {
  Ledger ledger = spend({}, two_dollars, "a", t0, usd(150));
  const auto ended = settle(ledger, "a", {}, t0 + 1min);
  REQUIRE(ended);
  CHECK(used_of(*ended, two_dollars, t0 + 2min) == 1'500'000);
  CHECK_FALSE(settle(*ended, "a", usd(1), t0 + 3min));
  CHECK_FALSE(settle(ledger, "b", usd(1), t0 + 3min));
}

TEST_CASE("until says when enough has left, and a reserve above the amount never fits") {
  Ledger ledger = spend({}, two_dollars, "a", t0, usd(100));
  ledger = spend(ledger, two_dollars, "b", t0 + 10min, usd(100));
  CHECK(spent_until(ledger, two_dollars, t0 + 20min, usd(100)) == t0 + 1h);
  CHECK(spent_until(ledger, two_dollars, t0 + 20min, usd(150)) == t0 + 70min);
  CHECK(spent_until({}, two_dollars, t0, usd(201)) == never);
  CHECK_FALSE(spent_until({}, two_dollars, t0, usd(200)));
}

TEST_CASE("launches, dollars and tokens are counted apart in one ledger") {
  const Budget launches{BudgetKind::repo, 3, 1h};
  const Budget tokens{BudgetKind::repo, 1000, 1h, BudgetUnit::tokens};
  const Spent reserve{Usd{500'000}, 400};
  Ledger ledger = spend(spend({}, launches, "a", t0), two_dollars, "b", t0, reserve);
  CHECK(used_of(ledger, launches, t0) == 2);
  CHECK(used_of(ledger, two_dollars, t0) == 500'000);
  CHECK(used_of(ledger, tokens, t0) == 400);
  ledger = *settle(ledger, "b", {std::nullopt, 900}, t0 + 1min);
  CHECK(used_of(ledger, two_dollars, t0) == 500'000);
  CHECK(used_of(ledger, tokens, t0) == 900);
  CHECK(ledger.budgets.size() == 2);
  CHECK(std::get<Ledger>(decode_ledger(encode_ledger(ledger))) == ledger);
}

TEST_CASE("settled launches become sums after an hour but for the last fifty, and lose nothing",
          "[bulk]") {
  const Budget budget{BudgetKind::repo, 1'000'000'000, 24h * 30, BudgetUnit::usd};
  Ledger ledger;
  std::uint64_t spent = 0;
  Instant at = t0;
  for (int i = 0; i < 2'000; ++i, at += 10min) {
    const std::string claim = "0123456789abcdef0123456789a" + std::to_string(10'000 + i);
    ledger = spend(std::move(ledger), budget, claim, at, usd(300));
    if (i % 7 != 0) ledger = *settle(std::move(ledger), claim, usd(100 + i % 5), at + 5min);
    spent += i % 7 != 0 ? (100 + i % 5) * 10'000 : 3'000'000;
    REQUIRE(encode_ledger(ledger).size() <= longest_ledger);
  }
  CHECK(used_of(ledger, budget, at) == spent);
  CHECK(std::get<Ledger>(decode_ledger(encode_ledger(ledger))) == ledger);
  // Two days by the hour, the days before as days, and what is open or new stands whole.
  CHECK(ledger.counts.size() <= 48 + 15);
  CHECK(ledger.launches.size() >= 50);
  for (const LaunchCount& count : ledger.counts)
    CHECK(count.last <= at);
}

TEST_CASE("any number of open launches stays one record, and none counts for less", "[bulk]") {
  const Budget budget{BudgetKind::store, most_cost.millionths, 24h * 365, BudgetUnit::usd};
  const Spent reserve{Usd{999'999'999'999}, 999'999'999'999};
  Ledger ledger;
  for (int i = 0; i < 1'500; ++i) {
    ledger =
        spend(std::move(ledger), budget, "0123456789abcdef0123456789a" + std::to_string(10'000 + i),
              t0 + i * 5h, reserve);
    REQUIRE(encode_ledger(ledger).size() <= longest_ledger);
  }
  CHECK(used_of(ledger, budget, t0 + 1'500 * 5h) == 1'500 * reserve.cost->millionths);
}
