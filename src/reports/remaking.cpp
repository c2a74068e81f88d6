#include "reports/remaking.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

#include "call/json_output.h"
#include "core/claim/claim_line.h"
#include "core/event/scope.h"
#include "core/text/json.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/record.h"
#include "view/reading_options.h"

namespace refgate {
namespace {

using nlohmann::json;

/// A line is filed under its own day, and rivals under the same one: that of the promise, whatever
/// the hour is now.
Instant within_day_of(Instant day, Instant at) {
  const Instant start = std::chrono::floor<std::chrono::days>(day);
  return std::clamp(at, day, start + std::chrono::days(1) - Duration(1));
}

std::string taker(const Environment& environment) {
  const std::string actor = environment.get("GITHUB_ACTOR");
  return actor.empty() ? environment.get("USER") : actor;
}

/// The lines of others among `lines`. A rival's ref may have been folded and deleted between our
/// reading and our push; what is deleted stands in the folded day before.
std::set<std::string> folded_by_others(Store& store, const std::string& name_space,
                                       const std::vector<AuditEntry>& lines) {
  std::set<std::string> days;
  for (const AuditEntry& line : lines)
    days.insert(notes_prefix(name_space) + format_day(line.timestamp) + "/");
  std::vector<std::string> folded;
  for (const std::string& day : days)
    for (const auto& [ref, version] : store.list(day))
      if (is_folded_note(ref)) folded.push_back(ref);
  std::set<std::string> taken;
  if (folded.empty()) return taken;
  std::set<std::string> ids, nonces;
  for (const AuditEntry& line : lines) {
    ids.insert(line.id);
    nonces.insert(line.claim_id);
  }
  for (const auto& [ref, stored] : store.read(folded))
    for (const auto& [object, text] : stored.files)
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const auto read = decode_entry(std::string_view(text).substr(at, end - at));
        if (read && ids.contains(read->entry.id) && !nonces.contains(read->entry.claim_id))
          taken.insert(read->entry.id);
        at = end + 1;
      }
  return taken;
}

/// Those whose line this call has made.
std::vector<AuditEntry> make_lines(const Invocation& call, const Settings& settings, Store& store,
                                   std::span<const Remaking> remakings) {
  std::vector<AuditEntry> lines;
  std::vector<Change> notes;
  for (const Remaking& each : remakings) {
    AuditEntry line = each.line;
    // Two that would write the same text could each take the other's line for its own.
    line.claim_id = fresh_nonce();
    line.actor = shortened(taker(call.environment), bounds::word);
    line.timestamp = within_day_of(line.timestamp, now());
    notes.push_back(note_change(line, settings.name_space));
    lines.push_back(std::move(line));
  }
  if (notes.empty()) return lines;
  const std::vector<SwapOutcome> outcomes = push_in_batches(store, notes);
  std::vector<AuditEntry> made;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].result == SwapResult::swapped) made.push_back(lines[i]);
    if (outcomes[i].result == SwapResult::refused)
      call.err << "refgate: run " << escape_for(Place::line, lines[i].run_id)
               << " is not taken up: " << escape_for(Place::line, outcomes[i].message) << "\n";
  }
  if (made.empty()) return made;
  const std::set<std::string> taken = folded_by_others(store, settings.name_space, made);
  std::erase_if(made, [&](const AuditEntry& line) { return taken.contains(line.id); });
  return made;
}

/// One run may be owed several pieces of work, and is launched again by whoever takes up this one.
std::string first_id(std::span<const Remaking> remakings, const std::string& run_id) {
  std::string first;
  for (const Remaking& each : remakings)
    if (each.line.run_id == run_id && (first.empty() || each.line.id < first)) first = each.line.id;
  return first;
}

}  // namespace

std::size_t most_to_take(const Invocation& call) {
  if (!call.flag("take")) return 0;
  if (call.option("take").empty())
    throw UsageError("--take is empty, but must say how many; nothing was read");
  return number_option(call, "take", 0, 1);
}

int take_up(const Invocation& call, const Settings& settings, Store& store,
            std::span<const Remaking> remakings) {
  const std::vector<AuditEntry> made = make_lines(call, settings, store, remakings);
  std::string runs;
  json list = json::array();
  for (const AuditEntry& line : made) {
    if (line.id != first_id(remakings, line.run_id)) continue;
    runs += (runs.empty() ? "" : " ") + line.run_id;
    list.push_back({{"run_id", line.run_id},
                    {"run_attempt", line.run_attempt},
                    {"session_key", line.session_key},
                    {"ref", line.scope},
                    {"holder_run_id", line.holder_run_id}});
    if (!call.flag("json")) call.out << escape_for(Place::line, line.run_id) << "\n";
  }
  if (call.flag("json")) print_json_list(call.out, "runs", std::move(list));
  if (call.environment.in_actions()) write_outputs(call.environment, {{"runs", runs}});
  return exit_done;
}

}  // namespace refgate
