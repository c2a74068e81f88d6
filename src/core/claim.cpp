#include "core/claim.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/enum_name.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr int claim_version = 1;
constexpr std::size_t longest_record = 1u << 20;

constexpr std::array<EnumName<ClaimState>, 4> states{
    {{ClaimState::waiting, "waiting"}, {ClaimState::held, "held"}, {ClaimState::active, "active"}, {ClaimState::ended, "ended"}}};
constexpr std::array<EnumName<ClaimOutcome>, 7> outcomes{{{ClaimOutcome::none, "none"},
                                                          {ClaimOutcome::success, "success"},
                                                          {ClaimOutcome::failure, "failure"},
                                                          {ClaimOutcome::cancelled, "cancelled"},
                                                          {ClaimOutcome::lost, "lost"},
                                                          {ClaimOutcome::released, "released"},
                                                          {ClaimOutcome::abandoned, "abandoned"}}};

/// Raised by the field readers below and caught in decode_claim alone.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

const json& member(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw Broken(std::string("it has no \"") + key + "\"");
  return *found;
}

std::string text(const json& object, const char* key) {
  const json& value = member(object, key);
  if (!value.is_string()) throw Broken(std::string("\"") + key + "\" is no text");
  return value.get<std::string>();
}

template <typename Number>
Number number(const json& object, const char* key, Number least) {
  const json& value = member(object, key);
  if (!value.is_number_unsigned()) throw Broken(std::string("\"") + key + "\" is no whole number");
  const auto wide = value.get<std::uint64_t>();
  if (wide < least || wide > std::numeric_limits<Number>::max()) throw Broken(std::string("\"") + key + "\" is out of range");
  return static_cast<Number>(wide);
}

Instant instant(const json& object, const char* key) {
  const auto at = parse_rfc3339(text(object, key));
  if (!at) throw Broken(std::string("\"") + key + "\" is no time");
  return *at;
}

std::optional<Instant> optional_instant(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return instant(object, key);
}

Duration span(const json& object, const char* key) {
  const auto parsed = parse_duration(text(object, key));
  if (!parsed) throw Broken(std::string("\"") + key + "\" is no span of time");
  return *parsed;
}

template <typename E, std::size_t N>
E named(const json& object, const char* key, const std::array<EnumName<E>, N>& names) {
  if (const auto value = find_in(names, text(object, key))) return *value;
  throw Broken(std::string("\"") + key + "\" is none of the known words");
}

std::string stored(Duration span) {
  return span.count() % 1000 == 0 ? std::to_string(span.count() / 1000) + "s" : std::to_string(span.count()) + "ms";
}

Claim read_claim(const json& record) {
  Claim claim;
  claim.claim_id = text(record, "claim_id");
  if (claim.claim_id.empty()) throw Broken("\"claim_id\" is empty");
  claim.generation = number<std::uint64_t>(record, "generation", 1);
  claim.state = named(record, "state", states);
  claim.outcome = named(record, "outcome", outcomes);
  claim.session_key = text(record, "session_key");
  claim.workflow = text(record, "workflow");
  claim.event = text(record, "event");
  claim.commit = text(record, "commit");
  claim.note = text(record, "note");
  if (record.contains("group")) claim.group = text(record, "group");
  if (record.contains("former")) claim.former = text(record, "former");
  if (record.contains("result")) claim.result = text(record, "result");
  claim.attempts = number<unsigned>(record, "attempts", 0);
  const json& window_only = member(record, "window_only");
  if (!window_only.is_boolean()) throw Broken("\"window_only\" is neither true nor false");
  claim.window_only = window_only.get<bool>();
  const json& holder = member(record, "holder");
  if (!holder.is_object()) throw Broken("\"holder\" is no object");
  claim.holder = {text(holder, "run_id"),  number<unsigned>(holder, "run_attempt", 1),
                  text(holder, "job"),     text(holder, "job_index"),
                  text(holder, "run_url"), text(holder, "actor")};
  claim.claimed_at = instant(record, "claimed_at");
  claim.renewed_at = instant(record, "renewed_at");
  claim.lease_until = instant(record, "lease_until");
  claim.ended_at = optional_instant(record, "ended_at");
  claim.pr_locked_until = optional_instant(record, "pr_locked_until");
  if ((claim.state == ClaimState::ended) != claim.ended_at.has_value()) throw Broken("\"state\" and \"ended_at\" contradict each other");
  const json& limits = member(record, "limits");
  if (!limits.is_object()) throw Broken("\"limits\" is no object");
  claim.limits = {span(limits, "lease"), span(limits, "skew"), span(limits, "memory"), span(limits, "pr_lock_window")};
  const json& outbox = member(record, "outbox");
  if (!outbox.is_array()) throw Broken("\"outbox\" is no list");
  for (const json& line : outbox) {
    const auto entry = line.is_string() ? decode_entry(line.get<std::string>()) : std::nullopt;
    if (!entry) throw Broken("\"outbox\" has a line that cannot be read");
    claim.outbox.push_back(entry->entry);
  }
  return claim;
}

}  // namespace

std::string_view name_of(ClaimState state) { return name_in(states, state); }
std::string_view name_of(ClaimOutcome outcome) { return name_in(outcomes, outcome); }

std::optional<ClaimOutcome> parse_job_status(std::string_view text) {
  if (text == "success") return ClaimOutcome::success;
  if (text == "failure") return ClaimOutcome::failure;
  if (text == "cancelled" || text == "skipped") return ClaimOutcome::cancelled;
  return std::nullopt;
}

std::string encode_claim(const Claim& claim) {
  json record = {
      {"version", claim_version},
      {"claim_id", claim.claim_id},
      {"generation", claim.generation},
      {"state", name_of(claim.state)},
      {"outcome", name_of(claim.outcome)},
      {"window_only", claim.window_only},
      {"session_key", claim.session_key},
      {"workflow", claim.workflow},
      {"event", claim.event},
      {"commit", claim.commit},
      {"note", claim.note},
      {"attempts", claim.attempts},
      {"holder",
       {{"run_id", claim.holder.run_id},
        {"run_attempt", claim.holder.run_attempt},
        {"job", claim.holder.job},
        {"job_index", claim.holder.job_index},
        {"run_url", claim.holder.run_url},
        {"actor", claim.holder.actor}}},
      {"claimed_at", format_rfc3339(claim.claimed_at)},
      {"renewed_at", format_rfc3339(claim.renewed_at)},
      {"lease_until", format_rfc3339(claim.lease_until)},
      {"limits",
       {{"lease", stored(claim.limits.lease)},
        {"skew", stored(claim.limits.skew)},
        {"memory", stored(claim.limits.memory)},
        {"pr_lock_window", stored(claim.limits.pr_lock_window)}}},
      {"outbox", json::array()},
  };
  if (!claim.group.empty()) record["group"] = claim.group;
  if (!claim.former.empty()) record["former"] = claim.former;
  if (!claim.result.empty()) record["result"] = claim.result;
  if (claim.ended_at) record["ended_at"] = format_rfc3339(*claim.ended_at);
  if (claim.pr_locked_until) record["pr_locked_until"] = format_rfc3339(*claim.pr_locked_until);
  for (const AuditEntry& entry : claim.outbox) record["outbox"].push_back(encode_entry(entry));
  return record.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<Claim, ClaimError> decode_claim(std::string_view source) {
  const auto broken = [](const std::string& why) { return ClaimError{ClaimErrorKind::broken, "the stored claim is broken: " + why}; };
  if (source.size() > longest_record) return broken("it is over 1 MiB long");
  bool too_deep = false;
  const json record = json::parse(
      source,
      [&](int depth, json::parse_event_t, json&) {
        too_deep = too_deep || depth > 16;
        return !too_deep;
      },
      false);
  if (too_deep) return broken("it is nested too deeply");
  if (!record.is_object()) return broken("it is no JSON object");
  const auto version = record.find("version");
  if (version == record.end() || !version->is_number_unsigned()) return broken("it has no version");
  if (version->get<std::uint64_t>() > claim_version)
    return ClaimError{ClaimErrorKind::newer_version, "the stored claim has version " + version->dump() + ", and this refgate reads up to " +
                                                         std::to_string(claim_version) + ": use a newer refgate"};
  try {
    return read_claim(record);
  } catch (const Broken& error) {
    return broken(error.what());
  }
}

bool is_expired(const Claim& claim, Instant now) {
  Instant forgotten = (claim.ended_at ? *claim.ended_at : claim.lease_until + claim.limits.skew) + claim.limits.memory;
  if (claim.pr_locked_until) forgotten = std::max(forgotten, *claim.pr_locked_until);
  return now >= forgotten;
}

}  // namespace refgate
