#include "core/claim/budget.h"

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
  CHECK(std::get<ClaimError>(decode_ledger(R"({"version":2})")).kind ==
        ClaimErrorKind::newer_version);
}

TEST_CASE("each subject of a budget has a ledger of its own") {
  CHECK(ledger_ref({BudgetKind::actor, 1, 1h}, "octocat", "refgate") ==
        "refs/refgate/budgets/actor/octocat");
  CHECK(ledger_ref({BudgetKind::workflow, 1, 1h}, "a/b", "refgate") !=
        ledger_ref({BudgetKind::workflow, 1, 1h}, "a%2Fb", "refgate"));
}
