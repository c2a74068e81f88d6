// status, log and show: they read, and change nothing.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "app/commands.h"
#include "app/record.h"
#include "app/runner.h"
#include "core/decision.h"

namespace refgate {
namespace {

using nlohmann::json;

std::string dump(const json& value, int indent = -1) { return value.dump(indent, ' ', false, json::error_handler_t::replace); }

void name_unreadable(const Invocation& call, const std::vector<UnreadableRef>& unreadable) {
  for (const UnreadableRef& ref : unreadable)
    call.err << "refgate: " << escape_for(Place::line, ref.ref) << ": " << escape_for(Place::line, ref.why) << "; it was left alone\n";
}

std::string state_text(const Claim& claim, Instant at) {
  if (claim.state == ClaimState::ended) return std::string(name_of(claim.outcome));
  return is_lost(claim, at) ? "lost" : std::string(name_of(claim.state));
}

json json_of(const StoredClaim& stored, Instant at) {
  const Claim& claim = stored.claim;
  json value = json::parse(encode_claim(claim));
  value["ref"] = stored.ref;
  value["object"] = stored.version.id;
  value["status"] = state_text(claim, at);
  value["live"] = claim.state != ClaimState::ended && !is_lost(claim, at);
  return value;
}

constexpr std::size_t widest_cell = 60;

/// One cell, as many characters as are shown of it.
struct Cell {
  std::string text;
  std::size_t width = 0;
};

Cell cell_of(const std::string& untrusted, bool bounded) {
  const std::string text = escape_for(Place::line, untrusted);
  Cell cell;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
    if (starts_character && bounded && cell.width == widest_cell) {
      cell.text += "…";
      ++cell.width;
      break;
    }
    cell.width += starts_character ? 1 : 0;
    cell.text += text[i];
  }
  return cell;
}

/// Columns as wide as their widest cell, up to a bound: one hostile name must not push the rest off the screen. The last column is free.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<std::vector<Cell>> cells;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(cell_of(row[i], i + 1 < row.size()));
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], line.back().width);
    }
  }
  std::string text;
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i].text;
      if (i + 1 < line.size()) text += std::string(widths[i] - line[i].width + 2, ' ');
    }
    text += "\n";
  }
  return text;
}

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

int command_status(const Invocation& call) {
  const Settings settings = settings_of(call);
  const auto store = store_of(call, settings);
  const Claims claims = read_claims(*store, settings.name_space);
  const Instant at = now();
  json list = json::array();
  std::vector<std::vector<std::string>> rows{{"SESSION", "STATE", "RUN", "SINCE", "HOLDS UNTIL", "CLAIM"}};
  bool any_lost = false;
  for (const StoredClaim& stored : claims.claims) {
    const Claim& claim = stored.claim;
    const bool lost = is_lost(claim, at);
    any_lost = any_lost || lost;
    const bool ended = claim.state == ClaimState::ended;
    if (call.flag("lost") ? !lost : ended && !call.flag("all")) continue;
    list.push_back(json_of(stored, at));
    rows.push_back({claim.session_key, state_text(claim, at), claim.holder.run_id.empty() ? "-" : claim.holder.run_id,
                    format_duration(at - claim.claimed_at) + " ago", ended ? "-" : format_rfc3339(claim.lease_until + claim.limits.skew),
                    claim.claim_id});
    if (!claim.holder.run_url.empty()) rows.back().push_back(claim.holder.run_url);
  }
  name_unreadable(call, claims.unreadable);
  if (call.flag("json")) call.out << dump(list, 1) << "\n";
  else if (rows.size() == 1) call.out << (call.flag("lost") ? "No work is lost." : "No live sessions.") << "\n";
  else call.out << table(rows);
  return call.flag("lost") && any_lost ? exit_no : exit_done;
}

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
  if (!call.flag("json")) call.out << (rows.size() == 1 ? "The record is empty.\n" : table(rows));
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
    for (const StoredClaim* stored : found) value["claims"].push_back(json_of(*stored, at));
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
