// The text form of a ledger.

#include <algorithm>
#include <array>

#include "core/policy/budget.h"
#include "core/text/json.h"
#include "core/text/record_json.h"

namespace refgate {
namespace {

using nlohmann::json;

// Version 2 has counts.
constexpr int ledger_version = 2;
constexpr record::Form form{.what = "budget", .version = ledger_version};
/// Ten years, the longest span that can be set.
constexpr std::int64_t longest_keep = 315'360'000'000;
constexpr std::array units{BudgetUnit::launches, BudgetUnit::usd, BudgetUnit::tokens};

ClaimError error_of(const record::Problem& problem) {
  return {problem.newer_version ? ClaimErrorKind::newer_version : ClaimErrorKind::broken,
          problem.message};
}

json json_of(const Launch& launch) {
  json value = {{"claim_id", launch.claim_id}, {"at", format_rfc3339(launch.at)}};
  put_spent(value, launch.spent);
  put_reserve(value, launch.reserve);
  if (launch.ended_at) value["ended_at"] = format_rfc3339(*launch.ended_at);
  if (launch.outcome != ClaimOutcome::none) value["outcome"] = name_of(launch.outcome);
  return value;
}

Launch launch_in(const json& item) {
  Launch launch{record::text(item, "claim_id"), record::instant(item, "at"), reserve_in(item),
                spent_in(item), record::optional_instant(item, "ended_at")};
  if (item.contains("outcome")) {
    const auto outcome = claim_outcome_named(record::text(item, "outcome"));
    if (!outcome) throw record::Broken("\"outcome\" is none of the known words");
    launch.outcome = *outcome;
  }
  return launch;
}

json json_of(const BreakerRecord& breaker) {
  json value = {{"workflow", breaker.workflow}, {"ends", json::array()}};
  for (const LaunchEnd& end : breaker.ends) {
    value["ends"].push_back(
        {{"claim_id", end.claim_id},
         {"at", format_rfc3339(end.at)},
         {"outcome", name_of(end.failed ? ClaimOutcome::failure : ClaimOutcome::success)}});
    if (!end.run_id.empty()) value["ends"].back()["run_id"] = end.run_id;
  }
  if (breaker.probe)
    value["probe"] = {{"claim_id", breaker.probe->claim_id},
                      {"at", format_rfc3339(breaker.probe->at)}};
  return value;
}

BreakerRecord breaker_in(const json& object) {
  BreakerRecord breaker{record::text(object, "workflow"), {}, std::nullopt};
  for (const json& item : record::list(object, "ends", most_failures)) {
    const auto outcome = claim_outcome_named(record::text(item, "outcome"));
    if (outcome != ClaimOutcome::failure && outcome != ClaimOutcome::success)
      throw record::Broken("\"outcome\" of an end is neither success nor failure");
    breaker.ends.push_back(
        {record::text(item, "claim_id"), record::instant(item, "at"),
         outcome == ClaimOutcome::failure,
         item.contains("run_id") ? record::text(item, "run_id") : std::string()});
  }
  if (object.contains("probe")) {
    const json& probe = record::member(object, "probe");
    breaker.probe = {record::text(probe, "claim_id"), record::instant(probe, "at")};
  }
  return breaker;
}

json json_of(const LaunchCount& count) {
  json value = {{"last", format_rfc3339(count.last)}, {"launches", count.launches}};
  if (count.cost != Usd{}) value["cost_micro_usd"] = count.cost.millionths;
  if (count.tokens != 0) value["tokens"] = count.tokens;
  return value;
}

LaunchCount count_in(const json& item) {
  LaunchCount count{record::instant(item, "last"),
                    record::number<std::uint64_t>(item, "launches", 1)};
  if (item.contains("cost_micro_usd"))
    count.cost = {record::number<std::uint64_t>(item, "cost_micro_usd")};
  if (item.contains("tokens")) count.tokens = record::number<std::uint64_t>(item, "tokens");
  return count;
}

KnownBudget budget_in(const json& item) {
  const std::string word = record::text(item, "unit");
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](BudgetUnit each) { return name_of(each) == word; });
  if (unit == units.end()) throw record::Broken("\"unit\" is none of the known words");
  return {*unit, record::number<std::uint64_t>(item, "amount"),
          Duration(record::number<std::int64_t>(item, "window_ms", 0, longest_keep))};
}

}  // namespace

std::string encode_ledger(const Ledger& ledger) {
  json record = {
      {"version", ledger_version}, {"keep_ms", ledger.keep.count()}, {"launches", json::array()}};
  for (const LaunchCount& count : ledger.counts)
    record["counts"].push_back(json_of(count));
  for (const Launch& launch : ledger.launches)
    record["launches"].push_back(json_of(launch));
  for (const KnownBudget& budget : ledger.budgets)
    record["budgets"].push_back({{"unit", name_of(budget.unit)},
                                 {"amount", budget.amount},
                                 {"window_ms", budget.window.count()}});
  if (ledger.breaker != BreakerRecord{}) record["breaker"] = json_of(ledger.breaker);
  return record.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<Ledger, ClaimError> decode_ledger(std::string_view source) {
  const auto opened = record::open(source, form);
  if (const auto* problem = std::get_if<record::Problem>(&opened)) return error_of(*problem);
  const json& object = std::get<json>(opened);
  try {
    Ledger ledger;
    ledger.keep = Duration(record::number<std::int64_t>(object, "keep_ms", 0, longest_keep));
    if (object.contains("counts"))
      for (const json& item : record::list(object, "counts"))
        ledger.counts.push_back(count_in(item));
    for (const json& item : record::list(object, "launches"))
      ledger.launches.push_back(launch_in(item));
    if (object.contains("budgets"))
      for (const json& item : record::list(object, "budgets"))
        ledger.budgets.push_back(budget_in(item));
    if (object.contains("breaker")) ledger.breaker = breaker_in(object["breaker"]);
    return ledger;
  } catch (const record::Broken& error) {
    return error_of(record::broken(form, error.what()));
  }
}

}  // namespace refgate
