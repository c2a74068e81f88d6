#include "core/claim/health.h"

#include <array>

#include "core/text/enum_name.h"
#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr int health_version = 1;

constexpr std::array<EnumName<DeathCause>, 5> causes{{{DeathCause::taken_over, "taken_over"},
                                                      {DeathCause::released, "released"},
                                                      {DeathCause::gone, "gone"},
                                                      {DeathCause::superseded, "superseded"},
                                                      {DeathCause::expired, "expired"}}};

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// False for a member that is missing or of another kind.
template <typename Number>
bool read_number(const json& object, const char* key, Number& target) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return false;
  target = found->get<Number>();
  return true;
}

/// Ten years are more than any span or any machine's uptime; what is longer could not be added up.
bool read_span(const json& object, const char* key, Duration& target) {
  std::int64_t count = 0;
  if (!read_number(object, key, count) || count < 0 || count > 315'360'000'000) return false;
  target = Duration(count);
  return true;
}

bool read_instant(const json& object, const char* key, Instant& target) {
  const auto at = parse_rfc3339(text(object, key));
  if (at) target = *at;
  return at.has_value();
}

}  // namespace

std::string_view name_of(DeathCause cause) { return name_in(causes, cause); }

BootTime halts_at(const Health& health) {
  // Others wait for lease and skew; the holder's own skew is time to halt in. A lease that is all
  // skew is still half the holder's.
  return health.renewed +
         (health.lease > health.skew ? health.lease - health.skew : health.lease / 2);
}

namespace {

HealthAnswer enforced(const Health& health, BootTime boot_now) {
  if (health.death)
    return {true, false, std::string(name_of(health.death->cause)), health.death->text};
  if (health.ended) return {true, false, "ended", "the session has ended"};
  if (health.unclaimed)
    return {false, false, "alive", "it was launched without a claim, so that nothing can be lost"};
  // A machine that was started anew counts from zero.
  if (boot_now >= halts_at(health) || boot_now < health.renewed) {
    std::string why =
        "the last acknowledged renewal of the lease was at " + format_rfc3339(health.last_beat);
    if (!health.failure.empty()) why += "; since then: " + health.failure;
    return {true, false, "expired", why + "; others may have taken over"};
  }
  return {false, false, "alive",
          "the session holds for another " + format_duration(halts_at(health) - boot_now)};
}

}  // namespace

HealthAnswer answer(const Health& health, BootTime boot_now) {
  HealthAnswer told = enforced(health, boot_now);
  if (!health.observing || !told.halt || told.cause == "ended") return told;
  return {false, true, std::move(told.cause),
          "observing, it goes on; else it would halt: " + told.text};
}

Health renewed(Health health, BootTime sent, Instant wall) {
  health.renewed = sent;
  health.last_beat = wall;
  ++health.beats;
  health.failures = 0;
  health.failure.clear();
  health.unclaimed = false;
  return health;
}

Health died(Health health, Death death) {
  if (!health.death) health.death = std::move(death);
  return health;
}

std::string encode_health(const Health& health) {
  json record = {{"version", health_version},
                 {"claim_id", health.claim_id},
                 {"generation", health.generation},
                 {"ref", health.ref},
                 {"session_key", health.session_key},
                 {"runner_job", health.runner_job},
                 {"lease_ms", health.lease.count()},
                 {"skew_ms", health.skew.count()},
                 {"interval_ms", health.interval.count()},
                 {"started_at", format_rfc3339(health.started_at)},
                 {"last_beat", format_rfc3339(health.last_beat)},
                 {"renewed_boot_ms", health.renewed.count()},
                 {"beats", health.beats},
                 {"failures", health.failures},
                 {"failure", health.failure},
                 {"heartbeat_process", health.heartbeat_process},
                 {"ended", health.ended},
                 {"operations", health.operations},
                 {"cascade", health.cascade}};
  if (health.observing) record["observing"] = true;
  if (health.unclaimed) record["unclaimed"] = true;
  if (!health.not_cancelled.empty()) record["not_cancelled"] = health.not_cancelled;
  if (health.death)
    record["death"] = {{"at", format_rfc3339(health.death->at)},
                       {"cause", name_of(health.death->cause)},
                       {"text", health.death->text}};
  return record.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::optional<Health> decode_health(std::string_view source) {
  const json record = json::parse(source, nullptr, false);
  if (!record.is_object()) return std::nullopt;
  int version = 0;
  if (!read_number(record, "version", version) || version != health_version) return std::nullopt;
  Health health;
  health.claim_id = text(record, "claim_id");
  health.ref = text(record, "ref");
  health.session_key = text(record, "session_key");
  health.runner_job = text(record, "runner_job");
  health.failure = text(record, "failure");
  health.not_cancelled = text(record, "not_cancelled");
  const bool whole = read_number(record, "generation", health.generation) &&
                     read_span(record, "lease_ms", health.lease) &&
                     read_span(record, "skew_ms", health.skew) &&
                     read_span(record, "interval_ms", health.interval) &&
                     read_instant(record, "started_at", health.started_at) &&
                     read_instant(record, "last_beat", health.last_beat) &&
                     read_span(record, "renewed_boot_ms", health.renewed) &&
                     read_number(record, "beats", health.beats) &&
                     read_number(record, "failures", health.failures) &&
                     read_number(record, "heartbeat_process", health.heartbeat_process) &&
                     read_number(record, "operations", health.operations) &&
                     read_number(record, "cascade", health.cascade);
  if (!whole || health.claim_id.empty()) return std::nullopt;
  const auto ended = record.find("ended");
  health.ended = ended != record.end() && *ended == true;
  const auto observing = record.find("observing");
  health.observing = observing != record.end() && *observing == true;
  const auto unclaimed = record.find("unclaimed");
  health.unclaimed = unclaimed != record.end() && *unclaimed == true;
  if (const auto found = record.find("death"); found != record.end()) {
    if (!found->is_object()) return std::nullopt;
    Death death;
    const auto cause = find_in(causes, text(*found, "cause"));
    if (!cause || !read_instant(*found, "at", death.at)) return std::nullopt;
    death.cause = *cause;
    death.text = text(*found, "text");
    health.death = std::move(death);
  }
  return health;
}

}  // namespace refgate
