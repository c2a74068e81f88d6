#include "core/decision/budget.h"

#include "catch.h"

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
  CHECK(encode_ledger(ledger).size() < 600'000);
  CHECK(std::get<Ledger>(decode_ledger(encode_ledger(ledger))) == ledger);
  CHECK(spent_until(ledger, budget, later));
  CHECK_FALSE(spent_until(ledger, {BudgetKind::workflow, 200'002, 24h * 3650}, later));
  CHECK(spend(ledger, budget, "one more", later) == ledger);
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
