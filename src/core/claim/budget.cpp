#include "core/claim/budget.h"

#include <algorithm>

#include "core/claim/decision.h"
#include "core/event/scope.h"
#include "core/text/json.h"
#include "core/text/record_json.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr int ledger_version = 1;
constexpr record::Form form{.what = "budget", .version = ledger_version};
/// Ten years, the longest span that can be set.
constexpr std::int64_t longest_keep = 315'360'000'000;

ClaimError error_of(const record::Problem& problem) {
  return {problem.newer_version ? ClaimErrorKind::newer_version : ClaimErrorKind::broken,
          problem.message};
}

/// "Never" for people and records: nothing frees a budget of none.
constexpr Instant never = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31};

}  // namespace

std::optional<Instant> spent_until(const Ledger& ledger, const Budget& budget, Instant now) {
  if (budget.launches == 0) return never;
  std::vector<Instant> counted;
  for (const Launch& launch : ledger.launches)
    if (launch.at + budget.window > now) counted.push_back(launch.at);
  if (counted.size() < budget.launches) return std::nullopt;
  std::sort(counted.begin(), counted.end());
  return counted[counted.size() - budget.launches] + budget.window;
}

Ledger spend(Ledger ledger, const Budget& budget, const std::string& claim_id, Instant now) {
  ledger.keep = std::max(ledger.keep, budget.window);
  std::erase_if(ledger.launches,
                [&](const Launch& launch) { return launch.at + ledger.keep <= now; });
  const bool there = std::any_of(ledger.launches.begin(), ledger.launches.end(),
                                 [&](const Launch& launch) { return launch.claim_id == claim_id; });
  if (!there) ledger.launches.push_back({claim_id, now});
  return ledger;
}

Ledger give_back(Ledger ledger, const std::string& claim_id) {
  std::erase_if(ledger.launches, [&](const Launch& launch) { return launch.claim_id == claim_id; });
  return ledger;
}

bool is_expired(const Ledger& ledger, Instant now) {
  return std::all_of(ledger.launches.begin(), ledger.launches.end(),
                     [&](const Launch& launch) { return launch.at + ledger.keep <= now; });
}

std::string encode_ledger(const Ledger& ledger) {
  json record = {
      {"version", ledger_version}, {"keep_ms", ledger.keep.count()}, {"launches", json::array()}};
  for (const Launch& launch : ledger.launches)
    record["launches"].push_back(
        {{"claim_id", launch.claim_id}, {"at", format_rfc3339(launch.at)}});
  return record.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<Ledger, ClaimError> decode_ledger(std::string_view source) {
  const auto opened = record::open(source, form);
  if (const auto* problem = std::get_if<record::Problem>(&opened)) return error_of(*problem);
  const json& object = std::get<json>(opened);
  try {
    Ledger ledger;
    ledger.keep = Duration(record::number<std::int64_t>(object, "keep_ms", 0, longest_keep));
    for (const json& item : record::list(object, "launches"))
      ledger.launches.push_back({record::text(item, "claim_id"), record::instant(item, "at")});
    return ledger;
  } catch (const record::Broken& error) {
    return error_of(record::broken(form, error.what()));
  }
}

std::string budgets_prefix(std::string_view name_space) {
  return "refs/" + std::string(name_space) + "/budgets/";
}

std::string ledger_ref(const Budget& budget, std::string_view subject,
                       std::string_view name_space) {
  return budgets_prefix(name_space) + std::string(name_of(budget.kind)) + "/" +
         encode_ref_component(subject);
}

}  // namespace refgate
