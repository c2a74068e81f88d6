// stats: counts of the record, without writing jq.

#include <algorithm>
#include <cstdio>
#include <ostream>

#include "call/commands.h"
#include "call/json_output.h"
#include "core/figures/statistics.h"
#include "core/text/count.h"
#include "core/text/json.h"
#include "core/words/age.h"
#include "core/words/nearest.h"
#include "runner/runner.h"
#include "state/record.h"
#include "view/claim_view.h"
#include "view/reading_options.h"
#include "view/table.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr unsigned hot_by_default = 5;
constexpr std::size_t most_hot = 20;

double hours_of(Duration span) {
  return std::chrono::duration<double, std::ratio<3600>>(span).count();
}

json json_of(const Counts& counts) {
  return {{"sessions", counts.sessions},
          {"prevented", counts.prevented},
          {"saved", counts.prevented},
          {"held_back", counts.held_back},
          {"held_back_by_reason", counts.held_back_by_reason},
          {"observed", counts.observed},
          {"observed_duplicates", counts.observed_duplicates},
          {"observed_by_reason", counts.observed_by_reason},
          {"retries_suppressed", counts.retries_suppressed},
          {"early_exits", counts.early_exits},
          {"forced", counts.forced},
          {"takeovers", counts.takeovers},
          {"closed", counts.closed},
          {"by_reason", counts.by_reason},
          {"cost_usd", json_of(counts.costs.cost)},
          {"tokens", counts.costs.tokens},
          {"ended_without_cost", counts.costs.without_cost},
          {"ended_without_tokens", counts.costs.without_tokens},
          {"durations",
           {{"count", counts.durations.count()},
            {"sum_ms", counts.durations.sum.count()},
            {"p50_ms", counts.durations.percentile(50).count()},
            {"p90_ms", counts.durations.percentile(90).count()},
            {"p99_ms", counts.durations.percentile(99).count()}}}};
}

json json_of(const std::map<std::string, Counts>& groups) {
  json value = json::object();
  for (const auto& [name, counts] : groups)
    value[name] = json_of(counts);
  return value;
}

std::vector<Heat> over(const std::vector<Heat>& heats, unsigned threshold) {
  std::vector<Heat> hot;
  for (const Heat& heat : heats)
    if (heat.asked() >= threshold && hot.size() < most_hot) hot.push_back(heat);
  return hot;
}

json json_of(const std::vector<Heat>& heats) {
  json list = json::array();
  for (const Heat& heat : heats)
    list.push_back({{"name", heat.name},
                    {"sessions", heat.sessions},
                    {"prevented", heat.prevented},
                    {"held_back", heat.held_back},
                    {"observed", heat.observed},
                    {"asked", heat.asked()},
                    {"last", format_rfc3339(heat.last)}});
  return list;
}

/// An estimate; absent where nothing is known to estimate from.
json saved_json(const SavedTime& saved, double usd_per_hour) {
  if (!saved.is_known()) return json();
  json value = {{"time_ms", saved.time.count()}, {"sessions", saved.sessions}};
  if (usd_per_hour > 0) value["usd"] = hours_of(saved.time) * usd_per_hour;
  return value;
}

json saved_json(const SavedCost& saved) {
  if (!saved.is_known()) return json();
  return {{"usd", json_of(saved.cost)}, {"sessions", saved.sessions}};
}

void print_as_json(const Invocation& call, const Statistics& s, unsigned threshold,
                   double usd_per_hour) {
  const json value = {
      {"saved_estimate", saved_json(saved_time(s), usd_per_hour)},
      {"would_save_estimate", saved_json(time_to_be_saved(s), usd_per_hour)},
      {"saved_cost_estimate", saved_json(saved_cost(s))},
      {"would_save_cost_estimate", saved_json(cost_to_be_saved(s))},
      {"total", json_of(s.total)},
      {"by_day", json_of(s.by_day)},
      {"by_workflow", json_of(s.by_workflow)},
      {"by_event", json_of(s.by_event)},
      {"by_actor", json_of(s.by_actor)},
      {"duplicates_allowed", s.duplicates_allowed},
      {"first_activity", s.first_activity ? json(format_rfc3339(*s.first_activity)) : json()},
      {"last_activity", s.last_activity ? json(format_rfc3339(*s.last_activity)) : json()},
      {"live",
       {{"active", s.live.active},
        {"held", s.live.held},
        {"waiting", s.live.waiting},
        {"lost", s.live.lost},
        {"queued", s.live.queued}}},
      {"hot", {{"threshold", threshold}, {"sessions", json_of(over(s.sessions, threshold))}}},
      {"groups", json_of(over(s.groups, 1))},
      {"lines", s.lines},
      {"altered", s.altered},
      {"left_out", s.left_out}};
  print_json(call.out, value);
}

std::string listed(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  return text.empty() ? "" : " (" + text + ")";
}

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string saved_text(const SavedTime& saved, double usd_per_hour) {
  std::string text =
      "about " + format_duration(std::chrono::floor<std::chrono::seconds>(saved.time));
  if (usd_per_hour > 0) {
    char dollars[40];
    std::snprintf(dollars, sizeof dollars, ", $%.2f", hours_of(saved.time) * usd_per_hour);
    text += dollars;
  }
  return text + ", for " + counted(saved.sessions, "skip") + ", at the median of " +
         counted(saved.measured, "session") + " that ended";
}

/// "$12.30 and 45000 tokens, as 8 sessions said; 2 said no cost"
std::string cost_text(const CostCounts& costs) {
  std::string text = "$" + format_usd(costs.cost) + " of " + counted(costs.with_cost, "session");
  if (costs.with_tokens > 0)
    text += ", " + number(costs.tokens) + " tokens of " + number(costs.with_tokens);
  if (costs.without_cost > 0) text += "; " + number(costs.without_cost) + " ended without saying";
  return text;
}

std::string saved_text(const SavedCost& saved) {
  return "about $" + format_usd(saved.cost) + ", for " + counted(saved.sessions, "skip") +
         ", at the mean of " + counted(saved.measured, "session") + " that said it";
}

void print_total(const Invocation& call, const Statistics& s, Instant at, double usd_per_hour) {
  const Counts& total = s.total;
  std::uint64_t closed = 0;
  for (const auto& [word, count] : total.closed)
    closed += count;
  std::vector<std::vector<std::string>> rows{
      {"Sessions",
       number(total.sessions) + (total.takeovers + total.forced > 0
                                     ? " (" + number(total.takeovers) + " taken over, " +
                                           number(total.forced) + " forced)"
                                     : "")},
      {"Saved", number(total.prevented) + listed(total.by_reason)},
      {"Held back", number(total.held_back) + listed(total.held_back_by_reason) +
                        (total.held_back > 0 ? ": nobody has done this work" : "")},
      {"Retries suppressed", number(total.retries_suppressed)},
      {"Early exits", number(total.early_exits)},
      {"Duplicates that ran", number(s.duplicates_allowed) +
                                  (s.duplicates_allowed > 0 ? " (refgate verify lists them)" : "")},
      {"Closed", number(closed) + listed(total.closed)},
  };
  if (const SavedTime saved = saved_time(s); saved.is_known())
    rows.push_back({"Saved work", saved_text(saved, usd_per_hour)});
  if (total.durations.count() > 0)
    rows.push_back({"Duration", "half within " + format_duration(total.durations.percentile(50)) +
                                    ", 90 % within " +
                                    format_duration(total.durations.percentile(90)) +
                                    ", together " + format_duration(total.durations.sum)});
  const bool any_cost = total.costs.with_cost + total.costs.with_tokens > 0;
  if (any_cost) rows.push_back({"Cost", cost_text(total.costs)});
  if (const SavedCost saved = saved_cost(s); saved.is_known())
    rows.push_back({"Saved cost", saved_text(saved)});
  if (total.observed > 0) {
    rows.push_back({"Observed", number(total.observed) + listed(total.observed_by_reason) +
                                    ": ran, and enforcing would have skipped them"});
    const SavedTime saved = time_to_be_saved(s);
    rows.push_back({"Would save", counted(total.observed_duplicates, "session") +
                                      (saved.is_known() ? ", " + saved_text(saved, usd_per_hour)
                                                        : std::string())});
    if (const SavedCost cost = cost_to_be_saved(s); cost.is_known())
      rows.push_back({"Would save cost", saved_text(cost)});
  }
  rows.push_back({"Now", number(s.live.active + s.live.held) + " live, " + number(s.live.waiting) +
                             " waiting, " + number(s.live.lost) + " lost"});
  if (s.last_activity)
    rows.push_back(
        {"Last activity", format_rfc3339(*s.last_activity) +
                              (at < *s.last_activity ? " (by a clock that is ahead)"
                                                     : " (" + age(*s.last_activity, at) + ")")});
  if (s.altered > 0)
    rows.push_back({"Altered lines", number(s.altered) + " (refgate verify names them)"});
  if (s.left_out > 0)
    rows.push_back({"Left out", counted(s.left_out, "line") + (s.left_out == 1 ? " is" : " are") +
                                    " in no record, and counted nowhere"});
  call.out << table_of(rows, screen_of(call));
}

void print_groups(const Invocation& call, const std::string& title,
                  const std::map<std::string, Counts>& groups) {
  const bool any_cost = std::any_of(groups.begin(), groups.end(), [](const auto& group) {
    return group.second.costs.with_cost + group.second.costs.with_tokens > 0;
  });
  std::vector<std::vector<std::string>> rows{
      {title, "SESSIONS", "SAVED", "HELD BACK", "RETRIES", "EARLY EXITS", "HALF WITHIN"}};
  if (any_cost) rows.front().insert(rows.front().end(), {"COST", "TOKENS", "WITHOUT COST"});
  for (const auto& [name, counts] : groups) {
    rows.push_back(
        {name.empty() ? "(none)" : name, number(counts.sessions), number(counts.prevented),
         number(counts.held_back), number(counts.retries_suppressed), number(counts.early_exits),
         counts.durations.count() > 0 ? format_duration(counts.durations.percentile(50)) : "-"});
    const CostCounts& costs = counts.costs;
    if (any_cost)
      rows.back().insert(
          rows.back().end(),
          {costs.with_cost > 0 ? "$" + format_usd(costs.cost) : "-",
           costs.with_tokens > 0 ? number(costs.tokens) : "-", number(costs.without_cost)});
  }
  call.out << "\n" << table_of(rows, screen_of(call));
}

void print_heat(const Invocation& call, const std::string& title, const std::vector<Heat>& heats) {
  if (heats.empty()) return;
  std::vector<std::vector<std::string>> rows{{title, "ASKED", "RAN", "SAVED", "HELD BACK", "LAST"}};
  for (const Heat& heat : heats)
    rows.push_back({heat.name, number(heat.asked()), number(heat.sessions), number(heat.prevented),
                    number(heat.held_back), format_rfc3339(heat.last)});
  call.out << "\n" << table_of(rows, screen_of(call));
}

}  // namespace

int command_stats(const Invocation& call) {
  const Settings settings = settings_of(call);
  const Period period = period_of(call);
  const unsigned threshold = number_option(call, "hot", hot_by_default, 1);
  const double usd_per_hour = money_option(call, "usd-per-hour");
  const std::string by = call.option("by");
  if (!by.empty() && by != "day" && by != "workflow" && by != "event" && by != "actor") {
    const std::string_view near = nearest(by, {"day", "workflow", "event", "actor"});
    throw UsageError("--by is \"" + by + "\", but must be day, workflow, event or actor" +
                     (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
  }
  const auto store = store_of(call, settings);
  const Period needed = with_what_came_before(period, settings.policy.memory);
  store->foresee(claims_and_record(settings.name_space, needed));
  const Claims claims = read_claims(*store, settings.name_space);
  const Record record = read_record(*store, settings.name_space, claims, needed);
  name_unreadable(call, claims.unreadable);
  name_unreadable(call, record.unreadable);
  name_left_out(call, claims, period.since);
  const Instant at = now();
  const Statistics statistics =
      count_record(record.entries, claims.all(), at, settings.policy.skew, period.since);
  if (call.flag("json")) {
    print_as_json(call, statistics, threshold, usd_per_hour);
    return exit_done;
  }
  print_total(call, statistics, at, usd_per_hour);
  if (by == "day") print_groups(call, "DAY", statistics.by_day);
  if (by == "workflow") print_groups(call, "WORKFLOW", statistics.by_workflow);
  if (by == "event") print_groups(call, "EVENT", statistics.by_event);
  if (by == "actor") print_groups(call, "ACTOR", statistics.by_actor);
  print_heat(call, "HOT SESSION", over(statistics.sessions, threshold));
  print_heat(call, "GROUP", over(statistics.groups, 1));
  return exit_done;
}

}  // namespace refgate
