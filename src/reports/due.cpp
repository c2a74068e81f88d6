#include "reports/due.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <vector>

#include "call/json_output.h"
#include "core/text/json.h"
#include "core/words/age.h"
#include "runner/runner.h"
#include "view/claim_view.h"
#include "view/table.h"

namespace refgate {
namespace {

using nlohmann::json;

/// "2: runs 13 and 14" would grow without bound.
constexpr std::size_t most_named = 5;

json json_of(const DueWork& work, const StoredClaim& stored, Instant at) {
  json value = json::parse(claim_json(stored, at));
  value["skipped"] = json::array();
  for (const AuditEntry* skip : work.skipped)
    value["skipped"].push_back({{"run_id", skip->run_id},
                                {"run_attempt", skip->run_attempt},
                                {"event", skip->event_type},
                                {"actor", skip->actor},
                                {"reason_code", skip->reason_code},
                                {"timestamp", format_rfc3339(skip->timestamp)}});
  return value;
}

/// What `gh run rerun` can be given, each once; a claim may say anything.
std::string runs_of(const LimitedWork& work) {
  std::set<std::string> known;
  std::string text;
  for (const DueWork& due : work.due) {
    const std::string& run = due.claim->holder.run_id;
    const bool is_number = !run.empty() && run.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && known.insert(run).second) text += (text.empty() ? "" : " ") + run;
  }
  return text;
}

std::vector<std::string> row_of(const DueWork& work, Instant at) {
  const Claim& claim = *work.claim;
  std::string skipped = work.skipped.empty() ? "-" : std::to_string(work.skipped.size());
  for (std::size_t i = 0; i < work.skipped.size() && i < most_named; ++i)
    skipped += (i == 0 ? ": " : ", ") + work.skipped[i]->run_id;
  std::vector<std::string> row{claim.session_key, age(*claim.until, at),
                               claim.holder.run_id.empty() ? "-" : claim.holder.run_id, skipped,
                               claim.claim_id};
  if (!claim.holder.run_url.empty()) row.push_back(claim.holder.run_url);
  return row;
}

}  // namespace

LimitedWork limited_work(const Claims& claims, const Record& record, Instant at) {
  std::vector<ScopeState> scopes;
  for (const StoredClaim& stored : claims.claims)
    scopes.push_back({stored.ref, &stored.claim, false});
  return find_limited_work(scopes, record.entries, at);
}

int show_due(const Invocation& call, const Claims& claims, const Record& record, Instant at) {
  const LimitedWork work = limited_work(claims, record, at);
  json list = json::array();
  std::vector<std::vector<std::string>> rows{{"SESSION", "DUE", "RUN", "SKIPPED SINCE", "CLAIM"}};
  for (const DueWork& due : work.due) {
    const auto stored = std::find_if(claims.claims.begin(), claims.claims.end(),
                                     [&](const StoredClaim& one) { return one.ref == due.ref; });
    list.push_back(json_of(due, *stored, at));
    rows.push_back(row_of(due, at));
  }
  write_outputs(call.environment, {{"due_runs", runs_of(work)}});
  if (call.flag("json")) {
    print_json(call.out, {{"due", std::move(list)},
                          {"later", work.later},
                          {"next", work.next ? json(until_text(*work.next)) : json()}});
  } else {
    call.out << (rows.size() == 1 ? "No limited work is due.\n" : table_of(rows, screen_of(call)));
    if (work.next)
      call.out << "Later: " << work.later << ", the next after " << until_text(*work.next) << "\n";
  }
  return work.due.empty() ? exit_done : exit_no;
}

}  // namespace refgate
