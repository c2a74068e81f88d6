#include "core/claim/claim.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/text/json.h"
#include "core/text/record_json.h"

namespace refgate {
namespace {

using nlohmann::json;
using record::Broken, record::instant, record::member, record::named, record::number,
    record::optional_instant, record::span, record::text;

constexpr int claim_version = 2;
/// A head has few pull requests; this bounds what anybody may have written.
constexpr std::size_t most_covers = 100;
constexpr record::Form form{.what = "claim", .version = claim_version};

ClaimError error_of(const record::Problem& problem) {
  return {problem.newer_version ? ClaimErrorKind::newer_version : ClaimErrorKind::broken,
          problem.message};
}

constexpr std::array<EnumName<ClaimState>, 4> states{{{ClaimState::waiting, "waiting"},
                                                      {ClaimState::held, "held"},
                                                      {ClaimState::active, "active"},
                                                      {ClaimState::ended, "ended"}}};
constexpr std::array<EnumName<ClaimOutcome>, 8> outcomes{{{ClaimOutcome::none, "none"},
                                                          {ClaimOutcome::success, "success"},
                                                          {ClaimOutcome::failure, "failure"},
                                                          {ClaimOutcome::cancelled, "cancelled"},
                                                          {ClaimOutcome::lost, "lost"},
                                                          {ClaimOutcome::released, "released"},
                                                          {ClaimOutcome::limited, "limited"},
                                                          {ClaimOutcome::abandoned, "abandoned"}}};

std::string stored(Duration span) {
  return span.count() % 1000 == 0 ? std::to_string(span.count() / 1000) + "s"
                                  : std::to_string(span.count()) + "ms";
}

Holder holder_in(const json& stored) {
  const json& holder = member(stored, "holder");
  if (!holder.is_object()) throw Broken("\"holder\" is no object");
  return {text(holder, "run_id"),
          number<unsigned>(holder, "run_attempt", 1),
          text(holder, "job"),
          text(holder, "job_index"),
          text(holder, "run_url"),
          text(holder, "actor"),
          holder.contains("instance") ? text(holder, "instance") : std::string()};
}

json json_of(const Holder& holder) {
  json value = {{"run_id", holder.run_id},   {"run_attempt", holder.run_attempt},
                {"job", holder.job},         {"job_index", holder.job_index},
                {"run_url", holder.run_url}, {"actor", holder.actor}};
  if (!holder.instance.empty()) value["instance"] = holder.instance;
  return value;
}

std::vector<std::string> ledgers_in(const json& stored) {
  std::vector<std::string> refs;
  for (const json& ref : record::list(stored, "ledgers")) {
    if (!ref.is_string()) throw Broken("\"ledgers\" holds something that is no text");
    refs.push_back(ref.get<std::string>());
  }
  return refs;
}

Claim read_claim(const json& stored) {
  Claim claim;
  claim.claim_id = text(stored, "claim_id");
  if (claim.claim_id.empty()) throw Broken("\"claim_id\" is empty");
  claim.generation = number<std::uint64_t>(stored, "generation", 1);
  claim.state = named(stored, "state", states);
  claim.outcome = named(stored, "outcome", outcomes);
  claim.session_key = text(stored, "session_key");
  claim.workflow = text(stored, "workflow");
  claim.event = text(stored, "event");
  claim.commit = text(stored, "commit");
  claim.note = text(stored, "note");
  if (stored.contains("workflow_file")) claim.workflow_file = text(stored, "workflow_file");
  if (stored.contains("group")) claim.group = text(stored, "group");
  if (stored.contains("slots")) claim.slots = text(stored, "slots");
  if (stored.contains("former")) claim.former = text(stored, "former");
  if (stored.contains("result")) claim.result = text(stored, "result");
  claim.spent = spent_in(stored);
  claim.attempts = number<unsigned>(stored, "attempts", 0);
  if (stored.contains("left_out")) claim.left_out = number<unsigned>(stored, "left_out");
  const json& window_only = member(stored, "window_only");
  if (!window_only.is_boolean()) throw Broken("\"window_only\" is neither true nor false");
  claim.window_only = window_only.get<bool>();
  claim.holder = holder_in(stored);
  if (stored.contains("covers"))
    for (const json& pull : record::list(stored, "covers", most_covers))
      claim.covers.push_back({text(pull, "number"), text(pull, "base")});
  std::sort(claim.covers.begin(), claim.covers.end());
  if (stored.contains("ambiguous")) {
    const json& ambiguous = member(stored, "ambiguous");
    if (!ambiguous.is_boolean()) throw Broken("\"ambiguous\" is neither true nor false");
    claim.ambiguous = ambiguous.get<bool>();
  }
  claim.claimed_at = instant(stored, "claimed_at");
  claim.renewed_at = instant(stored, "renewed_at");
  claim.lease_until = instant(stored, "lease_until");
  claim.ended_at = optional_instant(stored, "ended_at");
  if (stored.contains("superseded_by")) claim.superseded_by = text(stored, "superseded_by");
  if (stored.contains("failed_runs"))
    for (const json& run : record::list(stored, "failed_runs", most_failed_runs)) {
      if (!run.is_string()) throw Broken("\"failed_runs\" holds something that is no text");
      claim.failed_runs.push_back(run.get<std::string>());
    }
  for (const auto& [name, flag] : {std::pair<const char*, bool*>{"halted", &claim.halted},
                                   std::pair<const char*, bool*>{"breaker", &claim.breaker}}) {
    if (!stored.contains(name)) continue;
    if (!stored[name].is_boolean())
      throw Broken("\"" + std::string(name) + "\" is neither true nor false");
    *flag = stored[name].get<bool>();
  }
  if (stored.contains("until")) claim.until = instant(stored, "until");
  if ((claim.outcome == ClaimOutcome::limited) != claim.until.has_value())
    throw Broken("\"outcome\" and \"until\" contradict each other");
  claim.pr_locked_until = optional_instant(stored, "pr_locked_until");
  if ((claim.state == ClaimState::ended) != claim.ended_at.has_value())
    throw Broken("\"state\" and \"ended_at\" contradict each other");
  const json& limits = member(stored, "limits");
  if (!limits.is_object()) throw Broken("\"limits\" is no object");
  claim.limits = {span(limits, "lease"), span(limits, "skew"), span(limits, "memory"),
                  span(limits, "pr_lock_window")};
  if (stored.contains("ledgers")) claim.ledgers = ledgers_in(stored);
  claim.reserve = reserve_in(stored);
  if (stored.contains("displaced")) {
    const json& displaced = member(stored, "displaced");
    claim.displaced = {text(displaced, "claim_id"), holder_in(displaced), ledgers_in(displaced)};
    if (displaced.contains("generation"))
      claim.displaced->generation = number<std::uint64_t>(displaced, "generation", 1);
    if (displaced.contains("claimed_at"))
      claim.displaced->claimed_at = instant(displaced, "claimed_at");
  }
  const json& outbox = member(stored, "outbox");
  if (!outbox.is_array()) throw Broken("\"outbox\" is no list");
  for (const json& line : outbox) {
    auto entry = line.is_string() ? entry_of(line.get_ref<const std::string&>()) : std::nullopt;
    if (!entry) throw Broken("\"outbox\" has a line that cannot be read");
    claim.outbox.push_back(std::move(*entry));
  }
  if (stored.contains("sent")) {
    const std::string sent = text(stored, "sent");
    for (std::size_t i = 0; i < std::min(sent.size(), claim.outbox.size()); ++i)
      if (sent[i] == '1') claim.sent.insert(claim.outbox[i].id);
  }
  return claim;
}

}  // namespace

std::string_view name_of(ClaimState state) { return name_in(states, state); }
std::string_view name_of(ClaimOutcome outcome) { return name_in(outcomes, outcome); }
std::optional<ClaimOutcome> claim_outcome_named(std::string_view name) {
  return find_in(outcomes, name);
}

StatusMeaning meaning_of_status(std::string_view status) {
  if (status == "success") return {ClaimOutcome::success};
  if (status == "failure" || status == "timed_out" || status == "startup_failure")
    return {ClaimOutcome::failure};
  if (status == "cancelled" || status == "neutral" || status == "stale" ||
      status == "action_required")
    return {ClaimOutcome::cancelled};
  if (status == "limited") return {ClaimOutcome::limited};
  if (status == "skipped") return {.executed = false};
  return {.known = false};
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
      {"holder", json_of(claim.holder)},
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
  for (const Cover& pull : claim.covers)
    record["covers"].push_back({{"number", pull.number}, {"base", pull.base}});
  if (claim.ambiguous) record["ambiguous"] = true;
  if (!claim.workflow_file.empty()) record["workflow_file"] = claim.workflow_file;
  if (!claim.group.empty()) record["group"] = claim.group;
  if (!claim.slots.empty()) record["slots"] = claim.slots;
  if (!claim.former.empty()) record["former"] = claim.former;
  if (!claim.result.empty()) record["result"] = claim.result;
  put_spent(record, claim.spent);
  put_reserve(record, claim.reserve);
  if (claim.displaced)
    record["displaced"] = {{"claim_id", claim.displaced->claim_id},
                           {"holder", json_of(claim.displaced->holder)},
                           {"ledgers", claim.displaced->ledgers},
                           {"generation", claim.displaced->generation},
                           {"claimed_at", format_rfc3339(claim.displaced->claimed_at)}};
  if (!claim.ledgers.empty()) record["ledgers"] = claim.ledgers;
  if (claim.left_out > 0) record["left_out"] = claim.left_out;
  if (!claim.superseded_by.empty()) record["superseded_by"] = claim.superseded_by;
  if (!claim.failed_runs.empty()) record["failed_runs"] = claim.failed_runs;
  if (claim.halted) record["halted"] = true;
  if (claim.breaker) record["breaker"] = true;
  if (claim.until) record["until"] = format_rfc3339(*claim.until);
  if (claim.ended_at) record["ended_at"] = format_rfc3339(*claim.ended_at);
  if (claim.pr_locked_until) record["pr_locked_until"] = format_rfc3339(*claim.pr_locked_until);
  std::string sent;
  for (const AuditEntry& entry : claim.outbox) {
    record["outbox"].push_back(encode_entry(entry));
    sent += claim.sent.contains(entry.id) ? '1' : '0';
  }
  if (sent.find('1') != std::string::npos) record["sent"] = sent;
  return record.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<Claim, ClaimError> decode_claim(std::string_view source) {
  const auto opened = record::open(source, form);
  if (const auto* problem = std::get_if<record::Problem>(&opened)) return error_of(*problem);
  try {
    return read_claim(std::get<json>(opened));
  } catch (const record::Broken& error) {
    return error_of(record::broken(form, error.what()));
  }
}

bool is_expired(const Claim& claim, Instant now) {
  Instant over = claim.ended_at ? *claim.ended_at : claim.lease_until + claim.limits.skew;
  // Who comes for it after its time must still find it.
  if (claim.until) over = std::max(over, *claim.until);
  Instant forgotten = over + claim.limits.memory;
  if (claim.pr_locked_until) forgotten = std::max(forgotten, *claim.pr_locked_until);
  return now >= forgotten;
}

}  // namespace refgate
