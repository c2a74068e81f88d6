// report: the record as one page for people, in one file that asks the network for nothing.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>

#include "call/commands.h"
#include "core/claim/claim_line.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/figures/statistics.h"
#include "core/text/count.h"
#include "core/text/json.h"
#include "os/file/checked_output.h"
#include "reports/due.h"
#include "reports/lost.h"
#include "reports/page/report_page.h"
#include "reports/page/standing.h"
#include "reports/report_summary.h"
#include "runner/runner.h"
#include "state/ledgers.h"
#include "state/pause/pauses.h"
#include "state/queues.h"
#include "state/record.h"
#include "view/claim_view.h"
#include "view/reading_options.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr unsigned lines_by_default = 5000;
constexpr unsigned hot_by_default = 5;
constexpr std::size_t most_rows = 12;
constexpr std::string_view place = "@DATA@";

/// JSON that may stand in a script element, whatever the texts in it are: ASCII only (U+2028 too is
/// an escape), and nothing that HTML knows.
std::string json_for_script(const json& value) {
  std::string out;
  for (const char c : shown_json(value, -1)) {
    if (c == '<')
      out += "\\u003c";
    else if (c == '>')
      out += "\\u003e";
    else if (c == '&')
      out += "\\u0026";
    else
      out += c;
  }
  return out;
}

json json_of(const Counts& counts) {
  return {{"sessions", counts.sessions},
          {"prevented", counts.prevented},
          {"held_back", counts.held_back},
          {"held_back_by_reason", counts.held_back_by_reason},
          {"observed", counts.observed},
          {"observed_duplicates", counts.observed_duplicates},
          {"takeovers", counts.takeovers},
          {"forced", counts.forced},
          {"retries_suppressed", counts.retries_suppressed},
          {"closed", counts.closed},
          {"by_reason", counts.by_reason},
          {"cost_usd", json_of(counts.costs.cost)},
          {"tokens", counts.costs.tokens},
          {"with_cost", counts.costs.with_cost},
          {"ended_without_cost", counts.costs.without_cost},
          {"ended_without_tokens", counts.costs.without_tokens},
          {"p50_ms", counts.durations.percentile(50).count()},
          {"durations",
           {{"count", counts.durations.count()},
            {"p50_ms", counts.durations.percentile(50).count()},
            {"p90_ms", counts.durations.percentile(90).count()}}}};
}

/// The groups with the most calls; the rest is one more.
json top_of(const std::map<std::string, Counts>& groups) {
  std::vector<std::pair<std::string, const Counts*>> sorted;
  for (const auto& [name, counts] : groups)
    sorted.emplace_back(name, &counts);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second->asked() > b.second->asked();
  });
  json list = json::array();
  std::uint64_t sessions = 0;
  std::uint64_t prevented = 0;
  std::uint64_t held_back = 0;
  Usd cost;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i >= most_rows) {
      sessions += sorted[i].second->sessions;
      prevented += sorted[i].second->prevented;
      held_back += sorted[i].second->held_back;
      cost = cost + sorted[i].second->costs.cost;
      continue;
    }
    json row = json_of(*sorted[i].second);
    row["name"] = sorted[i].first;
    list.push_back(std::move(row));
  }
  if (sorted.size() > most_rows)
    list.push_back({{"name", std::to_string(sorted.size() - most_rows) + " more"},
                    {"sessions", sessions},
                    {"prevented", prevented},
                    {"held_back", held_back},
                    {"cost_usd", json_of(cost)},
                    {"p50_ms", 0}});
  return list;
}

/// Every day from the first with a line to the last, those without one too.
json days_of(const Statistics& statistics) {
  json list = json::array();
  if (!statistics.first_activity) return list;
  const auto last = std::chrono::floor<std::chrono::days>(*statistics.last_activity);
  // A line with a wrong clock must not make a page of a million days.
  auto day = std::max(std::chrono::floor<std::chrono::days>(*statistics.first_activity),
                      last - std::chrono::days(731));
  for (; day <= last; day += std::chrono::days(1)) {
    const std::string name = dashed_day(Instant(day));
    const auto found = statistics.by_day.find(name);
    const Counts counts = found == statistics.by_day.end() ? Counts{} : found->second;
    list.push_back({{"day", name},
                    {"sessions", counts.sessions},
                    {"prevented", counts.prevented},
                    {"held_back", counts.held_back},
                    {"cost_usd", json_of(counts.costs.cost)}});
  }
  return list;
}

json heat_of(const std::vector<Heat>& heats, unsigned threshold) {
  json list = json::array();
  for (const Heat& heat : heats)
    if (heat.asked() >= threshold && list.size() < most_rows)
      list.push_back({{"name", heat.name},
                      {"asked", heat.asked()},
                      {"sessions", heat.sessions},
                      {"prevented", heat.prevented},
                      {"held_back", heat.held_back},
                      {"last", format_rfc3339(heat.last)}});
  return list;
}

json live_of(const Claims& claims, Instant at) {
  json list = json::array();
  for (const StoredClaim& stored : claims.claims) {
    const Claim& claim = stored.claim;
    if (claim.state == ClaimState::ended) continue;
    list.push_back({{"key", claim.session_key},
                    {"state", state_text(claim, at)},
                    {"run", claim.holder.run_id},
                    {"page", page_of_run(claim.holder.run_url, claim.holder.run_id)},
                    {"attempt", claim.holder.run_attempt},
                    {"event", claim.event},
                    {"actor", claim.holder.actor},
                    {"since", format_rfc3339(claim.claimed_at)},
                    {"until", format_rfc3339(claim.lease_until + claim.limits.skew)}});
  }
  return list;
}

json line_of(const AuditEntry& entry) {
  return {{"time", format_rfc3339(entry.timestamp)},
          {"kind", name_of(entry.kind)},
          {"key", entry.session_key},
          {"workflow", entry.workflow},
          {"event", entry.event_type},
          {"run", entry.run_id},
          {"page", entry.run_page},
          {"attempt", entry.run_attempt},
          {"actor", entry.actor},
          {"job", entry.job},
          {"status", entry.job_status},
          {"code", entry.reason_code},
          {"promise", is_promise(entry.reason_code)},
          {"observed", entry.observed},
          {"reason", entry.reason},
          {"commit", entry.commit_sha},
          {"scope", entry.scope},
          {"claim", entry.claim_id},
          {"generation", entry.generation},
          {"holder", entry.holder_run_id},
          {"group", entry.group},
          {"cost", describe_spent(entry.spent)},
          {"duration", entry.duration ? json(entry.duration->count()) : json()}};
}

/// What was read and counted at one moment.
struct Reading {
  Period period;
  Claims claims;
  Record record;  ///< the lines of the period
  Statistics statistics;
  Instant at{};
};

json due_of(const Claims& claims, const Record& record, Instant at) {
  json list = json::array();
  for (const DueWork& work : limited_work(claims, record, at).due)
    list.push_back({{"key", work.claim->session_key},
                    {"run", work.claim->holder.run_id},
                    {"page", page_of_run(work.claim->holder.run_url, work.claim->holder.run_id)},
                    {"url", work.claim->holder.run_url},
                    {"event", work.claim->event},
                    {"actor", work.claim->holder.actor},
                    {"until", format_rfc3339(*work.claim->until)},
                    {"skipped", work.skipped.size()}});
  return list;
}

/// How much of it the page shows.
struct Extent {
  unsigned threshold = 0;  ///< what was asked for so often is hot
  std::size_t most_lines = 0;
};

json data_of(const Reading& reading, const Extent& extent) {
  const auto& [period, claims, record, s, at] = reading;
  json lines = json::array();
  for (auto it = record.entries.rbegin();
       it != record.entries.rend() && lines.size() < extent.most_lines; ++it)
    lines.push_back(line_of(it->entry));
  return {{"generated", format_rfc3339(at)},
          {"since", period.since == Instant::min() ? "" : format_rfc3339(period.since)},
          {"until", period.until == Instant::max() ? "" : format_rfc3339(period.until)},
          {"first", s.first_activity ? format_rfc3339(*s.first_activity) : ""},
          {"version", REFGATE_VERSION},
          {"total", json_of(s.total)},
          {"days", days_of(s)},
          {"workflows", top_of(s.by_workflow)},
          {"events", top_of(s.by_event)},
          {"actors", top_of(s.by_actor)},
          {"saved_cost_usd", json_of(saved_cost(s).cost)},
          {"would_save_cost_usd", json_of(cost_to_be_saved(s).cost)},
          {"duplicates", s.duplicates_allowed},
          {"altered", s.altered},
          {"left_out", s.left_out},
          {"lines_read", s.lines},
          {"live_counts",
           {{"active", s.live.active},
            {"held", s.live.held},
            {"waiting", s.live.waiting},
            {"lost", s.live.lost}}},
          {"live", live_of(claims, at)},
          {"due", due_of(claims, record, at)},
          {"hot", heat_of(s.sessions, extent.threshold)},
          {"hot_threshold", extent.threshold},
          {"groups", heat_of(s.groups, 1)},
          {"lines_left", record.entries.size() - lines.size()},
          {"lines", std::move(lines)}};
}

/// Budgets, lines, slots and pauses where they stand, and what cannot be read is named.
json standing_of(const Invocation& call, const Settings& settings, Store& store,
                 const Reading& reading) {
  const Instant at = reading.at;
  const StoredPauses pauses = read_pauses(store, settings.name_space);
  const Ledgers ledgers = read_ledgers(store, settings.name_space);
  const Queues queues = read_queues(store, settings.name_space);
  const Queues pools = read_pools(store, settings.name_space);
  for (const auto* unreadable :
       {&pauses.unreadable, &ledgers.unreadable, &queues.unreadable, &pools.unreadable})
    name_unreadable(call, *unreadable);
  return {{"pauses", pauses_of(pauses.standing(at))},
          {"budgets", budgets_of(ledgers, settings.name_space, at, most_rows)},
          {"lines", lines_in(queues, most_rows)},
          {"pools", pools_of(pools, reading.claims, at, most_rows)}};
}

/// Into the job summary of the run; outside of Actions to standard output.
void summarise(const Invocation& call, const Reading& reading) {
  const Period& period = reading.period;
  std::string words = "all of the record";
  if (!period.is_all() && period.until == Instant::max())
    words = "the last " + format_duration(reading.at - period.since);
  else if (!period.is_all())
    words = "the time until " + format_rfc3339(period.until);
  const std::string text = summary_of(reading.statistics, words);
  if (call.environment.get("GITHUB_STEP_SUMMARY").empty())
    call.out << text;
  else
    append_summary(call.environment, text);
}

}  // namespace

int command_report(const Invocation& call) {
  const Settings settings = settings_of(call);
  const std::string path = call.option("html");
  const bool with_summary = call.flag("summary");
  if (path.empty() && !with_summary)
    throw UsageError(
        "--html FILE says where the page goes, - is standard output; --summary writes the job "
        "summary");
  Reading reading;
  const Period& period = reading.period = period_of(call);
  Extent extent;
  extent.threshold = number_option(call, "hot", hot_by_default, 1);
  const double usd_per_hour = money_option(call, "usd-per-hour");
  extent.most_lines = number_option(call, "lines", lines_by_default, 0);
  const auto store = store_of(call, settings);
  const Period needed = with_what_came_before(period, settings.policy.memory);
  Foreseen next = claims_and_record(settings.name_space, needed);
  if (!path.empty())
    next.whole.insert(next.whole.end(),
                      {pause_ref(settings.name_space), budgets_prefix(settings.name_space),
                       queues_prefix(settings.name_space), slots_prefix(settings.name_space)});
  store->foresee(std::move(next));
  const Claims& claims = reading.claims = read_claims(*store, settings.name_space);
  Record& record = reading.record = read_record(*store, settings.name_space, claims, needed);
  name_unreadable(call, claims.unreadable);
  name_unreadable(call, record.unreadable);
  name_left_out(call, claims, period.since);
  reading.at = now();
  reading.statistics =
      count_record(record.entries, claims.all(), reading.at, settings.policy.skew, period.since);
  const json promises =
      promises_of(lost_by_record(claims, record.entries, settings.policy.memory, reading.at),
                  record.entries, most_rows);
  std::erase_if(record.entries,
                [&](const ReadEntry& read) { return !period.holds(read.entry.timestamp); });
  if (with_summary) summarise(call, reading);
  if (path.empty()) return exit_done;
  json data = data_of(reading, extent);
  data["remote"] = store->describe();
  data["usd_per_hour"] = usd_per_hour;
  data["promises_broken"] = promises["broken"];
  data["promises"] = promises;
  data["standing"] = standing_of(call, settings, *store, reading);
  data["would_save_ms"] = time_to_be_saved(reading.statistics).time.count();

  std::string page(report_page());
  page.replace(page.find(place), place.size(), json_for_script(data));
  if (path == "-") {
    call.out << page;
    return exit_done;
  }
  write_output_file("--html " + path, path, page);
  call.out << "Report written: " << escape_for(Place::line, path) << " ("
           << counted(reading.statistics.lines, "line") << ", " << page.size() / 1024 << " KiB)\n";
  return exit_done;
}

}  // namespace refgate
