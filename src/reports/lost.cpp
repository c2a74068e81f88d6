// status --lost: work that nobody does and nobody has done, and those who were skipped for its
// sake.

#include "reports/lost.h"

#include <algorithm>
#include <ostream>

#include "call/json_output.h"
#include "core/decision/decision.h"
#include "core/text/json.h"
#include "core/words/age.h"
#include "reports/remaking.h"
#include "runner/run_lookup.h"
#include "view/claim_view.h"
#include "view/reading_options.h"
#include "view/table.h"

namespace refgate {
namespace {

using nlohmann::json;

/// More than these are not asked about, the oldest first: each is a request of its own.
constexpr std::size_t most_lookups = 20;

/// Whether the holder's run has ended is asked of those that have been silent for longer than
/// between two heartbeats.
std::vector<ScopeState> states_of(const Invocation& call, const Settings& settings,
                                  const Store& store, const Claims& claims, Instant at) {
  std::vector<ScopeState> states;
  std::vector<std::pair<Instant, std::size_t>> silent;
  for (const StoredClaim& stored : claims.claims) {
    const Claim& claim = stored.claim;
    states.push_back({stored.ref, &claim, false});
    if (claim.state == ClaimState::ended || is_lost(claim, at)) continue;
    const bool beats = claim.renewed_at > claim.claimed_at;
    if (!beats || at - claim.renewed_at > claim.limits.lease / 3)
      silent.emplace_back(claim.renewed_at, states.size() - 1);
  }
  if (settings.policy.holder_run != HolderRun::ask) return states;
  std::sort(silent.begin(), silent.end());
  if (silent.size() > most_lookups) silent.resize(most_lookups);
  const std::string remote = resolve_remote(settings, call.environment).address;
  for (const auto& [since, index] : silent)
    states[index].run_ended =
        ask_run(call.environment, remote, *states[index].claim, store.deadline()) == RunEnded::yes;
  return states;
}

json json_of(const BrokenPromise& broken) {
  const AuditEntry& skip = *broken.skip;
  return {{"run_id", skip.run_id},
          {"run_attempt", skip.run_attempt},
          {"event", skip.event_type},
          {"actor", skip.actor},
          {"commit", skip.commit_sha},
          {"reason_code", skip.reason_code},
          {"timestamp", format_rfc3339(skip.timestamp)},
          {"why", name_of(broken.why)},
          {"holder_run_id", skip.holder_run_id},
          {"claim_id", skip.holder_claim_id},
          {"generation", skip.generation},
          {"remade_at",
           broken.remade == nullptr ? json() : json(format_rfc3339(broken.remade->timestamp))}};
}

json json_of(const LostWork& lost, const StoredClaim* stored, Instant at) {
  json value = stored == nullptr ? json{{"ref", lost.ref}} : json::parse(claim_json(*stored, at));
  value["why"] = name_of(lost.why);
  value["skipped"] = json::array();
  for (const BrokenPromise& broken : lost.skipped)
    value["skipped"].push_back(json_of(broken));
  return value;
}

/// "2: runs 13 and 14"
std::string skipped_text(const LostWork& lost) {
  if (lost.skipped.empty()) return "-";
  std::string text = std::to_string(lost.skipped.size());
  const char* before = lost.skipped.size() == 1 ? ": run " : ": runs ";
  for (std::size_t i = 0; i < lost.skipped.size() && i < 5; ++i) {
    text += before + lost.skipped[i].skip->run_id;
    before = ", ";
  }
  const bool remade = std::any_of(lost.skipped.begin(), lost.skipped.end(),
                                  [](const BrokenPromise& each) { return each.remade != nullptr; });
  return text + (remade ? " (launched again)" : "");
}

/// On a screen the run's page is a link, or stands below; elsewhere it is a column of its own.
std::vector<Cell> row_of(const LostWork& work, bool stands, Instant at, const Screen& screen) {
  const AuditEntry* skip = work.skipped.empty() ? nullptr : work.skipped.back().skip;
  const std::string run = stands ? work.claim->holder.run_id : skip->holder_run_id;
  const std::string url = stands ? work.claim->holder.run_url : std::string();
  const std::string claim = stands ? work.claim->claim_id : work.ref;
  const Cell session{stands ? work.claim->session_key : skip->session_key};
  const Cell since{age(stands ? work.claim->claimed_at : skip->timestamp, at)};
  const Cell shown_run{run.empty() ? "-" : run};
  if (screen.width > 0)
    return {session,
            {std::string(words_of(work.why))},
            {skipped_text(work)},
            since,
            {stands ? claim_id_cell(claim, screen) : "-"},
            {url.empty() ? shown_run.text : url, url, shown_run.text}};
  std::vector<Cell> row{
      session, {std::string(words_of(work.why))}, {skipped_text(work)}, shown_run, since, {claim}};
  if (!url.empty()) row.push_back({url});
  return row;
}

int list_lost(const Invocation& call, const Claims& claims, const std::vector<LostWork>& lost,
              Instant at) {
  json list = json::array();
  const Screen screen = screen_of(call);
  std::vector<std::vector<Cell>> rows{
      {{"SESSION"}, {"WHY"}, {"SKIPPED FOR IT"}, {"RUN"}, {"SINCE"}, {"CLAIM"}}};
  if (screen.width > 0)
    rows = {{{"SESSION"}, {"WHY"}, {"SKIPPED FOR IT"}, {"SINCE"}, {"CLAIM"}, {"RUN"}}};
  for (const LostWork& work : lost) {
    const auto stored = std::find_if(claims.claims.begin(), claims.claims.end(),
                                     [&](const StoredClaim& one) { return one.ref == work.ref; });
    const bool stands = work.claim != nullptr && stored != claims.claims.end();
    list.push_back(json_of(work, stands ? &*stored : nullptr, at));
    rows.push_back(row_of(work, stands, at, screen));
  }
  if (call.flag("json"))
    print_json_list(call.out, "lost", std::move(list));
  else
    call.out << (rows.size() == 1 ? "No work is lost.\n" : table_of(rows, screen));
  return lost.empty() ? exit_done : exit_no;
}

}  // namespace

std::vector<LostWork> lost_by_record(const Claims& claims, std::span<const ReadEntry> entries,
                                     Duration memory, Instant at) {
  std::vector<ScopeState> scopes;
  for (const StoredClaim& stored : claims.claims)
    scopes.push_back({stored.ref, &stored.claim, false});
  const Instant since = with_what_came_before({at, Instant::max()}, memory).since;
  const auto recent =
      std::partition_point(entries.begin(), entries.end(),
                           [&](const ReadEntry& read) { return read.entry.timestamp < since; });
  return find_lost_work(scopes, {recent, entries.end()}, at);
}

std::size_t count_broken(std::span<const LostWork> lost) {
  return static_cast<std::size_t>(std::count_if(
      lost.begin(), lost.end(), [](const LostWork& work) { return !work.skipped.empty(); }));
}

int show_lost(const Invocation& call, const Settings& settings, Store& store, const Claims& claims,
              Instant at) {
  const std::size_t take = most_to_take(call);
  const std::vector<ScopeState> states = states_of(call, settings, store, claims, at);
  // A skip may be as old as the memory in which its work would have been remembered.
  const Record record =
      read_record(store, settings.name_space, claims,
                  with_what_came_before({at, Instant::max()}, settings.policy.memory));
  name_unreadable(call, record.unreadable);
  const std::vector<LostWork> lost = find_lost_work(states, record.entries, at);
  if (take == 0) return list_lost(call, claims, lost, at);
  return take_up(
      call, settings, store,
      find_remakings(lost, record.entries, call.environment.get("GITHUB_REPOSITORY"), take));
}

}  // namespace refgate
