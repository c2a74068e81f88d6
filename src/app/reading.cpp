// log and show: they read, and change nothing.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "app/claim_view.h"
#include "app/commands.h"
#include "app/record.h"
#include "app/runner.h"
#include "app/table.h"
#include "core/decision.h"

namespace refgate {
namespace {

using nlohmann::json;

std::string dump(const json& value, int indent = -1) { return value.dump(indent, ' ', false, json::error_handler_t::replace); }

Instant instant_option(const Invocation& call, const std::string& name, Instant fallback) {
  const std::string value = call.option(name);
  if (value.empty()) return fallback;
  if (const auto span = parse_duration(value)) return now() - *span;
  if (const auto at = parse_rfc3339(value)) return *at;
  if (const auto day = parse_day(value)) return *day;
  throw UsageError("--" + name + " is \"" + value + "\", but must be a span (7d), a day (2026-11-22) or a time (2026-11-22T02:20:40Z)");
}

bool names(const Claim& claim, const std::string& ref, const std::string& target) {
  return claim.claim_id == target || claim.session_key == target || ref == target || claim.holder.run_id == target ||
         (target.size() >= 7 && claim.commit.starts_with(target)) || claim.commit == target;
}

bool names(const AuditEntry& entry, const std::string& target) {
  return entry.claim_id == target || entry.session_key == target || entry.scope == target || entry.run_id == target ||
         (target.size() >= 7 && entry.commit_sha.starts_with(target)) || entry.commit_sha == target;
}

std::string story_line(const AuditEntry& entry) {
  std::string text = format_rfc3339(entry.timestamp) + "  " + std::string(name_of(entry.kind)) + "  run " + entry.run_id;
  if (entry.run_attempt > 1) text += " attempt " + std::to_string(entry.run_attempt);
  text += " (" + entry.event_type + ", " + entry.session_key + ")";
  if (!entry.job_status.empty()) text += ": " + entry.job_status;
  if (entry.duration) text += " after " + format_duration(*entry.duration);
  if (!entry.reason_code.empty()) text += " [" + entry.reason_code + "]";
  if (!entry.reason.empty()) text += " " + entry.reason;
  return text;
}

}  // namespace

int command_log(const Invocation& call) {
  const Settings settings = settings_of(call);
  const Instant since = instant_option(call, "since", Instant::min());
  const Instant until = instant_option(call, "until", Instant::max());
  const std::string target = call.option("key", call.option("sha"));
  const auto store = store_of(call, settings);
  const Claims claims = read_claims(*store, settings.name_space);
  const Record record = read_record(*store, settings.name_space, claims);
  name_unreadable(call, claims.unreadable);
  name_unreadable(call, record.unreadable);
  std::vector<std::vector<std::string>> rows{{"TIME", "WHAT", "SESSION", "RUN", "STATUS", "REASON"}};
  for (const ReadEntry& read : record.entries) {
    const AuditEntry& entry = read.entry;
    if (entry.timestamp < since || entry.timestamp > until) continue;
    if (!target.empty() && !names(entry, target)) continue;
    if (call.flag("json")) call.out << encode_entry(entry) << "\n";
    else
      rows.push_back({format_rfc3339(entry.timestamp), std::string(name_of(entry.kind)), entry.session_key, entry.run_id, entry.job_status,
                      entry.reason_code + (read.digest_fits ? "" : " (its digest does not fit)")});
  }
  if (!call.flag("json")) call.out << (rows.size() == 1 ? "The record is empty.\n" : table_of(rows));
  return exit_done;
}

int command_show(const Invocation& call) {
  const Settings settings = settings_of(call);
  const std::string& target = call.arguments[0];
  const auto store = store_of(call, settings);
  const Claims claims = read_claims(*store, settings.name_space);
  const Record record = read_record(*store, settings.name_space, claims);
  const Instant at = now();
  name_unreadable(call, claims.unreadable);

  std::vector<const StoredClaim*> found;
  for (const StoredClaim& stored : claims.claims)
    if (names(stored.claim, stored.ref, target)) found.push_back(&stored);
  std::vector<const AuditEntry*> story;
  for (const ReadEntry& read : record.entries) {
    const bool of_a_found_scope = std::any_of(found.begin(), found.end(), [&](const StoredClaim* stored) {
      return stored->ref == read.entry.scope || stored->claim.claim_id == read.entry.claim_id;
    });
    if (of_a_found_scope || names(read.entry, target)) story.push_back(&read.entry);
  }
  if (found.empty() && story.empty()) {
    call.err << "refgate: nothing is known of \"" << escape_for(Place::line, target)
             << "\"; a claim id, session key, run id, ref or commit is wanted\n";
    return exit_no;
  }
  if (call.flag("json")) {
    json value = {{"claims", json::array()}, {"entries", json::array()}};
    for (const StoredClaim* stored : found) value["claims"].push_back(json::parse(claim_json(*stored, at)));
    for (const AuditEntry* entry : story) value["entries"].push_back(json::parse(encode_entry(*entry)));
    call.out << dump(value, 1) << "\n";
    return exit_done;
  }
  for (const StoredClaim* stored : found) {
    const Claim& claim = stored->claim;
    call.out << escape_for(Place::line, claim.session_key) << ": " << state_text(claim, at) << ", generation " << claim.generation << "\n  held by "
             << escape_for(Place::line, describe_holder(claim, at)) << "\n  ref " << escape_for(Place::line, stored->ref) << "\n  claim "
             << escape_for(Place::line, claim.claim_id) << "\n";
    if (claim.ended_at)
      call.out << "  ended " << format_rfc3339(*claim.ended_at) << (claim.note.empty() ? "" : ": " + escape_for(Place::line, claim.note)) << "\n";
    else
      call.out << "  lease until " << format_rfc3339(claim.lease_until) << ", others may take over from "
               << format_rfc3339(claim.lease_until + claim.limits.skew) << "\n";
  }
  for (const AuditEntry* entry : story) call.out << escape_for(Place::line, story_line(*entry)) << "\n";
  return exit_done;
}

}  // namespace refgate
