#include "core/budget.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/decision.h"
#include "core/scope.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr int ledger_version = 1;
constexpr std::size_t longest_ledger = 1u << 20;

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
  std::erase_if(ledger.launches, [&](const Launch& launch) { return launch.at + ledger.keep <= now; });
  const bool there = std::any_of(ledger.launches.begin(), ledger.launches.end(), [&](const Launch& launch) { return launch.claim_id == claim_id; });
  if (!there) ledger.launches.push_back({claim_id, now});
  return ledger;
}

Ledger give_back(Ledger ledger, const std::string& claim_id) {
  std::erase_if(ledger.launches, [&](const Launch& launch) { return launch.claim_id == claim_id; });
  return ledger;
}

bool is_expired(const Ledger& ledger, Instant now) {
  return std::all_of(ledger.launches.begin(), ledger.launches.end(), [&](const Launch& launch) { return launch.at + ledger.keep <= now; });
}

std::string encode_ledger(const Ledger& ledger) {
  json record = {{"version", ledger_version}, {"keep_ms", ledger.keep.count()}, {"launches", json::array()}};
  for (const Launch& launch : ledger.launches) record["launches"].push_back({{"claim_id", launch.claim_id}, {"at", format_rfc3339(launch.at)}});
  return record.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<Ledger, ClaimError> decode_ledger(std::string_view source) {
  const auto broken = [](const std::string& why) { return ClaimError{ClaimErrorKind::broken, "the stored budget is broken: " + why}; };
  if (source.size() > longest_ledger) return broken("it is over 1 MiB long");
  const json record = json::parse(source, nullptr, false);
  if (!record.is_object()) return broken("it is no JSON object");
  const auto version = record.find("version");
  if (version == record.end() || !version->is_number_unsigned()) return broken("it has no version");
  if (version->get<std::uint64_t>() > ledger_version)
    return ClaimError{ClaimErrorKind::newer_version, "the stored budget has version " + version->dump() + ": use a newer refgate"};
  const auto keep = record.find("keep_ms");
  const auto launches = record.find("launches");
  if (keep == record.end() || !keep->is_number_unsigned()) return broken("\"keep_ms\" is no whole number");
  if (launches == record.end() || !launches->is_array()) return broken("\"launches\" is no list");
  Ledger ledger;
  // Ten years are the longest span that can be set.
  ledger.keep = Duration(static_cast<Duration::rep>(std::min<std::uint64_t>(keep->get<std::uint64_t>(), 315'360'000'000U)));
  for (const json& item : *launches) {
    if (!item.is_object() || !item.contains("claim_id") || !item["claim_id"].is_string() || !item.contains("at") || !item["at"].is_string())
      return broken("a launch in it cannot be read");
    const auto at = parse_rfc3339(item["at"].get<std::string>());
    if (!at) return broken("a launch in it has no time");
    ledger.launches.push_back({item["claim_id"].get<std::string>(), *at});
  }
  return ledger;
}

std::string budgets_prefix(std::string_view name_space) { return "refs/" + std::string(name_space) + "/budgets/"; }

std::string ledger_ref(const Budget& budget, std::string_view subject, std::string_view name_space) {
  return budgets_prefix(name_space) + std::string(name_of(budget.kind)) + "/" + encode_ref_component(subject);
}

}  // namespace refgate
