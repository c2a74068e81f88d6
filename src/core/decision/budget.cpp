#include "core/decision/budget.h"

#include <algorithm>
#include <array>

#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/text/enum_name.h"
#include "core/text/json.h"
#include "core/text/record_json.h"

namespace refgate {
namespace {

constexpr std::array<EnumName<BudgetKind>, 3> budget_kinds{{{BudgetKind::scope, "scope"},
                                                            {BudgetKind::workflow, "workflow"},
                                                            {BudgetKind::actor, "actor"}}};

using nlohmann::json;

// Version 2 has counts.
constexpr int ledger_version = 2;
constexpr record::Form form{.what = "budget", .version = ledger_version};
// About 190 KiB of single launches and 260 KiB of counts, where the reader takes 1 MiB.
constexpr std::size_t most_launches = 2000;
constexpr std::size_t launches_kept = 1000;
constexpr std::size_t most_counts = 4000;
constexpr Duration shortest_stretch = std::chrono::hours(1);
/// Ten years, the longest span that can be set.
constexpr std::int64_t longest_keep = 315'360'000'000;

ClaimError error_of(const record::Problem& problem) {
  return {problem.newer_version ? ClaimErrorKind::newer_version : ClaimErrorKind::broken,
          problem.message};
}

/// "Never" for people and records: nothing frees a budget of none.
constexpr Instant never = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31};

/// Counts of one stretch of time become one.
std::vector<LaunchCount> merged(const std::vector<LaunchCount>& counts, Duration stretch) {
  std::vector<LaunchCount> fewer;
  for (const LaunchCount& count : counts) {
    const auto number = count.last.time_since_epoch() / stretch;
    if (!fewer.empty() && fewer.back().last.time_since_epoch() / stretch == number) {
      fewer.back().last = std::max(fewer.back().last, count.last);
      fewer.back().launches += count.launches;
    } else {
      fewer.push_back(count);
    }
  }
  return fewer;
}

void condense(Ledger& ledger) {
  if (ledger.launches.size() <= most_launches) return;
  const auto older = static_cast<std::ptrdiff_t>(ledger.launches.size() - launches_kept);
  for (auto launch = ledger.launches.begin(); launch != ledger.launches.begin() + older; ++launch)
    ledger.counts.push_back({launch->at, 1});
  ledger.launches.erase(ledger.launches.begin(), ledger.launches.begin() + older);
  std::stable_sort(ledger.counts.begin(), ledger.counts.end(),
                   [](const auto& a, const auto& b) { return a.last < b.last; });
  Duration stretch = shortest_stretch;
  ledger.counts = merged(ledger.counts, stretch);
  while (ledger.counts.size() > most_counts)
    ledger.counts = merged(ledger.counts, stretch *= 2);
}

}  // namespace

std::optional<Instant> spent_until(const Ledger& ledger, const Budget& budget, Instant now) {
  if (budget.launches == 0) return never;
  std::vector<LaunchCount> counted;
  for (const LaunchCount& count : ledger.counts)
    if (count.last + budget.window > now) counted.push_back(count);
  for (const Launch& launch : ledger.launches)
    if (launch.at + budget.window > now) counted.push_back({launch.at, 1});
  std::sort(counted.begin(), counted.end(),
            [](const auto& a, const auto& b) { return a.last > b.last; });
  std::uint64_t launches = 0;
  for (const LaunchCount& count : counted) {
    if (count.launches >= budget.launches - launches) return count.last + budget.window;
    launches += count.launches;
  }
  return std::nullopt;
}

Ledger spend(Ledger ledger, const Budget& budget, const std::string& claim_id, Instant now) {
  ledger.keep = std::max(ledger.keep, budget.window);
  std::erase_if(ledger.launches,
                [&](const Launch& launch) { return launch.at + ledger.keep <= now; });
  std::erase_if(ledger.counts,
                [&](const LaunchCount& count) { return count.last + ledger.keep <= now; });
  const bool there = std::any_of(ledger.launches.begin(), ledger.launches.end(),
                                 [&](const Launch& launch) { return launch.claim_id == claim_id; });
  if (!there) ledger.launches.push_back({claim_id, now});
  condense(ledger);
  return ledger;
}

Ledger give_back(Ledger ledger, const std::string& claim_id) {
  std::erase_if(ledger.launches, [&](const Launch& launch) { return launch.claim_id == claim_id; });
  return ledger;
}

bool is_expired(const Ledger& ledger, Instant now) {
  const auto is_over = [&](Instant at) { return at + ledger.keep <= now; };
  return std::all_of(ledger.counts.begin(), ledger.counts.end(),
                     [&](const LaunchCount& count) { return is_over(count.last); }) &&
         std::all_of(ledger.launches.begin(), ledger.launches.end(),
                     [&](const Launch& launch) { return is_over(launch.at); });
}

std::string encode_ledger(const Ledger& ledger) {
  json record = {
      {"version", ledger_version}, {"keep_ms", ledger.keep.count()}, {"launches", json::array()}};
  for (const LaunchCount& count : ledger.counts)
    record["counts"].push_back(
        {{"last", format_rfc3339(count.last)}, {"launches", count.launches}});
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
    if (object.contains("counts"))
      for (const json& item : record::list(object, "counts"))
        ledger.counts.push_back(
            {record::instant(item, "last"), record::number<std::uint64_t>(item, "launches", 1)});
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

std::string_view name_of(BudgetKind kind) { return name_in(budget_kinds, kind); }

}  // namespace refgate
