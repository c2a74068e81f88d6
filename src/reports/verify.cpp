// verify: are there any duplicates that did execute, and has anybody altered a line?

#include <ostream>

#include "call/commands.h"
#include "call/json_output.h"
#include "core/figures/verification.h"
#include "core/text/count.h"
#include "core/text/json.h"
#include "runner/runner.h"
#include "state/record.h"
#include "view/claim_view.h"
#include "view/reading_options.h"
#include "view/screen.h"

namespace refgate {
namespace {

using nlohmann::json;

template <typename Refs>
json json_of(const Refs& refs) {
  json list = json::array();
  for (const UnreadableRef& ref : refs)
    list.push_back({{"ref", ref.ref}, {"why", ref.why}});
  return list;
}

std::string side(const AuditEntry& entry) {
  return "run " + entry.run_id +
         (entry.run_attempt > 1 ? " attempt " + std::to_string(entry.run_attempt) : "") + " at " +
         format_rfc3339(entry.timestamp) + " (" + entry.session_key +
         (entry.kind == EntryKind::audit
              ? ", recorded by hand: " + entry.job_status
              : ", generation " + std::to_string(entry.generation) + ", claim " + entry.claim_id) +
         ")";
}

/// A line by hand names none; then the work is told by its words.
std::string scope_of(const Duplicate& duplicate) {
  for (const AuditEntry* entry : {&duplicate.second, &duplicate.first})
    if (!entry->scope.empty()) return entry->scope;
  return duplicate.second.workflow + " at " + duplicate.second.commit_sha;
}

void print_as_json(const Invocation& call, const Verification& result, const Record& record,
                   std::uint64_t left_out) {
  json duplicates = json::array();
  for (const Duplicate& duplicate : result.duplicates)
    duplicates.push_back({{"kind", name_of(duplicate.kind)},
                          {"why", duplicate.why},
                          {"scope", scope_of(duplicate)},
                          {"first", json::parse(encode_entry(duplicate.first))},
                          {"second", json::parse(encode_entry(duplicate.second))}});
  json observed = json::array();
  for (const AuditEntry& entry : result.observed)
    observed.push_back(json::parse(encode_entry(entry)));
  const json value = {{"observed", observed},     {"launches", result.launches},
                      {"scopes", result.scopes},  {"forced", result.forced},
                      {"duplicates", duplicates}, {"altered", json_of(record.altered)},
                      {"left_out", left_out},     {"unreadable", json_of(record.unreadable)}};
  print_json(call.out, value);
}

void print_text(const Invocation& call, const Verification& result, const Record& record,
                std::uint64_t left_out) {
  const Screen screen = screen_of(call);
  const auto line = [&](const std::string& text, std::string_view word = "") {
    call.out << painted(screen, escape_for(Place::line, text), word) << "\n";
  };
  for (const Duplicate& duplicate : result.duplicates) {
    line("Duplicate (" + std::string(name_of(duplicate.kind)) + "): " + duplicate.why, "duplicate");
    line("  scope  " + scope_of(duplicate));
    line("  first  " + side(duplicate.first));
    line("  second " + side(duplicate.second));
  }
  for (const AuditEntry& entry : result.observed)
    line("Observed (" + entry.reason_code + "): " + side(entry) +
         " ran; enforcing would have skipped it");
  for (const UnreadableRef& ref : record.altered)
    line("Altered: " + ref.ref + ": " + ref.why, "duplicate");
  if (left_out > 0)
    line("Left out: " + counted(left_out, "line") + (left_out == 1 ? " is" : " are") +
             " in no record, so that nothing is known of what " + (left_out == 1 ? "it" : "they") +
             " told: duplicates among that would not be found",
         "lost");
  line((!result.duplicates.empty() ? counted(result.duplicates.size(), "duplicate") + " ran"
        : left_out > 0             ? std::string("No duplicate is known")
                                   : std::string("No duplicate ran")) +
           ": " + counted(result.launches, "launch", "launches") + " of " +
           counted(result.scopes, "piece", "pieces") + " of work, " +
           std::to_string(result.forced) + " of them forced; " +
           (result.observed.empty()
                ? std::string()
                : std::to_string(result.observed.size()) +
                      (result.observed.size() == 1
                           ? " more was only observed, and is no duplicate; "
                           : " more were only observed, and are no duplicates; ")) +
           counted(record.altered.size(), "line") + " altered, " +
           std::to_string(record.unreadable.size()) +
           (record.unreadable.size() == 1 ? " that is not refgate's." : " that are not refgate's."),
       !result.duplicates.empty() || !record.altered.empty() ? "duplicate"
       : left_out > 0                                        ? "lost"
                                                             : "ok");
}

}  // namespace

int command_verify(const Invocation& call) {
  const Settings settings = settings_of(call);
  const Period period = period_of(call);
  const auto store = store_of(call, settings);
  const Period needed = with_what_came_before(period, settings.policy.memory);
  store->foresee(claims_and_record(settings.name_space, needed));
  const Claims claims = read_claims(*store, settings.name_space);
  Record record = read_record(*store, settings.name_space, claims, needed);
  std::erase_if(record.altered, [&](const AlteredLine& line) { return !period.holds(line.at); });
  name_unreadable(call, claims.unreadable);
  name_unreadable(call, record.unreadable);
  const std::uint64_t left_out = name_left_out(call, claims, period.since);
  const Verification result =
      verify_launches(record.entries, settings.policy.skew, period.since, period.until);
  if (call.flag("json"))
    print_as_json(call, result, record, left_out);
  else
    print_text(call, result, record, left_out);
  if (!result.duplicates.empty() || !record.altered.empty()) return exit_no;
  // What stands nowhere may have been a duplicate: nobody may take the rest for all.
  return left_out > 0 ? exit_store : exit_done;
}

}  // namespace refgate
