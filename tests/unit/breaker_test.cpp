#include "core/policy/breaker.h"

#include "catch.h"
#include "core/policy/budget.h"
#include "core/words/shorten.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const Instant noon = *parse_rfc3339("2026-11-22T12:00:00Z");
constexpr Breaker three{3, 1h};

/// What happens after so many minutes: 'f' or 's' a session that ends so, 'c' one that ends as
/// neither, 'l' a launch, 'e' the end of the launch before with failure, 'o' with success, 'x' as
/// neither.
struct Step {
  int minute;
  char what;
};

BreakerRecord after(const std::vector<Step>& steps) {
  BreakerRecord record;
  std::string launched;
  int number = 0;
  for (const Step& step : steps) {
    const Instant at = noon + std::chrono::minutes(step.minute);
    const std::string id = "claim" + std::to_string(++number);
    switch (step.what) {
      case 'l':
        record = with_launch(std::move(record), three, {launched = id, at});
        break;
      case 'e':
        record = with_end(std::move(record), launched, ClaimOutcome::failure, at);
        break;
      case 'o':
        record = with_end(std::move(record), launched, ClaimOutcome::success, at);
        break;
      case 'x':
        record = with_end(std::move(record), launched, ClaimOutcome::limited, at);
        break;
      default:
        record = with_end(std::move(record), id,
                          step.what == 'f'   ? ClaimOutcome::failure
                          : step.what == 's' ? ClaimOutcome::success
                                             : ClaimOutcome::cancelled,
                          at);
    }
  }
  return record;
}

}  // namespace

TEST_CASE("breaker: the run of the last failure is remembered, and stands in the stored record") {
  const Breaker one{1, 1h};
  Ledger ledger = with_launch(Ledger{}, one, {"a", noon});
  ledger = with_end(std::move(ledger), "a", ClaimOutcome::failure, noon, "17");
  const auto read = decode_ledger(encode_ledger(ledger));
  REQUIRE(std::holds_alternative<Ledger>(read));
  CHECK(std::get<Ledger>(read) == ledger);
  CHECK(open_breaker(ledger.breaker, one, noon + 1min)->last_run == "17");
  // Of a success nobody asks.
  const Ledger well =
      with_end(with_launch(Ledger{}, one, {"b", noon}), "b", ClaimOutcome::success, noon, "18");
  CHECK(encode_ledger(well).find("18\"") == std::string::npos);
}

TEST_CASE("a breaker is open while the last sessions have all failed") {
  struct Row {
    const char* name;
    std::vector<Step> steps;
    int minute;
    int until;  ///< minutes; 0: closed
    bool probing;
  };
  for (const Row& row : std::vector<Row>{
           {"nothing ended", {}, 0, 0, false},
           {"two failures", {{0, 'f'}, {1, 'f'}}, 2, 0, false},
           {"three failures", {{0, 'f'}, {1, 'f'}, {2, 'f'}}, 3, 62, false},
           {"the span counts from the last", {{0, 'f'}, {1, 'f'}, {50, 'f'}}, 61, 110, false},
           {"a success between", {{0, 'f'}, {1, 's'}, {2, 'f'}, {3, 'f'}}, 4, 0, false},
           {"a success before", {{0, 's'}, {1, 'f'}, {2, 'f'}, {3, 'f'}}, 4, 63, false},
           {"what is neither counts as nothing",
            {{0, 'f'}, {1, 'f'}, {2, 'c'}, {3, 'f'}},
            4,
            63,
            false},
           {"after the span one passes", {{0, 'f'}, {0, 'f'}, {0, 'f'}}, 60, 0, false},
           {"long after the span, too", {{0, 'f'}, {0, 'f'}, {0, 'f'}}, 6000, 0, false},
           {"the others wait for it", {{0, 'f'}, {0, 'f'}, {0, 'f'}, {60, 'l'}}, 61, 120, true},
           {"long after the span, too",
            {{0, 'f'}, {0, 'f'}, {0, 'f'}, {6000, 'l'}},
            6001,
            6060,
            true},
           {"its success closes",
            {{0, 'f'}, {0, 'f'}, {0, 'f'}, {60, 'l'}, {61, 'o'}},
            62,
            0,
            false},
           {"its failure opens",
            {{0, 'f'}, {0, 'f'}, {0, 'f'}, {60, 'l'}, {70, 'e'}},
            71,
            130,
            false},
           {"one that ends as neither leaves its place",
            {{0, 'f'}, {0, 'f'}, {0, 'f'}, {60, 'l'}, {61, 'x'}},
            62,
            0,
            false},
           {"one that is silent for the span has failed",
            {{0, 'f'}, {0, 'f'}, {0, 'f'}, {60, 'l'}},
            120,
            0,
            false},
           {"and the next is let through in its place",
            {{0, 'f'}, {0, 'f'}, {0, 'f'}, {60, 'l'}, {120, 'l'}},
            121,
            180,
            true},
           {"a success of one that began before closes it while one is let through",
            {{0, 'l'}, {1, 'f'}, {1, 'f'}, {1, 'f'}, {2, 'o'}},
            3,
            0,
            false},
           {"who is launched while it is closed is none that was let through",
            {{0, 'f'}, {0, 'f'}, {1, 'l'}, {2, 'f'}},
            62,
            0,
            false},
       }) {
    INFO(row.name);
    const auto open =
        open_breaker(after(row.steps), three, noon + std::chrono::minutes(row.minute));
    CHECK(open.has_value() == (row.until != 0));
    if (!open) continue;
    CHECK(open->until == noon + std::chrono::minutes(row.until));
    CHECK(open->probing == row.probing);
  }
}

TEST_CASE("a clock that is far ahead holds no breaker open for longer than its span") {
  const BreakerRecord ahead = after({{180, 'f'}, {180, 'f'}, {180, 'f'}});
  CHECK_FALSE(open_breaker(ahead, three, noon));
  // What two clocks may be apart counts.
  CHECK(open_breaker(ahead, three, noon + 179min + 30s));
  const BreakerRecord probed = after({{0, 'f'}, {0, 'f'}, {0, 'f'}, {6000, 'l'}});
  CHECK_FALSE(open_breaker(probed, three, noon + 90min));
  CHECK(with_launch(probed, three, {"next", noon + 90min}).probe->claim_id == "next");
}

TEST_CASE("each counts by its own number, and the same session counts once") {
  const BreakerRecord record = after({{0, 's'}, {1, 'f'}, {2, 'f'}});
  CHECK(open_breaker(record, {2, 1h}, noon + 3min));
  CHECK_FALSE(open_breaker(record, {3, 1h}, noon + 3min));
  BreakerRecord twice =
      with_end(record, record.ends.back().claim_id, ClaimOutcome::failure, noon + 4min);
  CHECK(twice == record);
  CHECK_FALSE(open_breaker(without_failures(record), {1, 1h}, noon + 3min));
}

TEST_CASE("a ledger keeps its breaker, bounded, and says the same when it is read again") {
  Ledger ledger;
  for (int at = 0; at < 3000; ++at) {
    const std::string id = "claim" + std::to_string(at);
    ledger = with_launch(std::move(ledger), three, {id, noon + std::chrono::seconds(at)});
    ledger =
        with_end(std::move(ledger), id, at % 2 != 0 ? ClaimOutcome::failure : ClaimOutcome::success,
                 noon + std::chrono::seconds(at));
  }
  CHECK(ledger.breaker.ends.size() == most_failures);
  const std::string text = encode_ledger(ledger);
  CHECK(text.size() <= longest_ledger);
  const auto again = decode_ledger(text);
  REQUIRE(std::holds_alternative<Ledger>(again));
  CHECK(std::get<Ledger>(again) == ledger);
  // As full as it can be: names and budgets of their longest, and nothing that may be folded.
  ledger.breaker.workflow = std::string(bounds::word, '"');
  for (int window = 1; window <= 8; ++window)
    ledger = spend(
        std::move(ledger), {BudgetKind::workflow, 1'000'000'000, window * 1h, BudgetUnit::usd},
        "full" + std::to_string(window), noon + 3000s, {Usd{1'000'000'000}, std::nullopt});
  CHECK(encode_ledger(ledger).size() <= longest_ledger);
  CHECK_FALSE(is_expired(ledger, noon + 25h));
  CHECK(is_expired(ledger, noon + 24h * 40));
  ledger = with_launch(Ledger{}, three, {"one", noon});
  CHECK(give_back(ledger, "one").launches.empty());
}

TEST_CASE("an end that is neither success nor failure closes no breaker: the record is broken") {
  const std::string text = encode_ledger(
      with_end(with_launch(Ledger{}, three, {"one", noon}), "one", ClaimOutcome::failure, noon));
  const std::string ends = text.substr(text.find("\"ends\""));
  const std::size_t at = text.find("\"ends\"") + ends.find("failure");
  for (const char* word : {"cancelled", "odd", ""}) {
    std::string other = text;
    CHECK(std::holds_alternative<ClaimError>(decode_ledger(other.replace(at, 7, word))));
  }
}
