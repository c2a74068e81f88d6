#include "job/note/claim_note.h"

#include <utility>
#include <variant>

#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

std::string field(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Notes of the form before had two flags in the phase's place. Whatever a file says, a claim that
/// has ended is over.
Phase phase_of(const json& record, const Claim& claim) {
  const auto flag = [&](const char* name) { return record.value(name, json()) == true; };
  const Phase phase = record.contains("phase")
                          ? phase_named(field(record, "phase")).value_or(Phase::told)
                      : !flag("untold")    ? Phase::told
                      : flag("unanswered") ? Phase::asked
                                           : Phase::won;
  return claim.state == ClaimState::ended ? after(phase, PhaseStep::ended).value_or(phase) : phase;
}

}  // namespace

bool ClaimNote::take(PhaseStep step) {
  const auto next = after(phase, step);
  if (next) phase = *next;
  return next.has_value();
}

std::string encode_note(const ClaimNote& note) {
  json record = {{"version", 1},
                 {"ref", note.ref},
                 {"namespace", note.name_space},
                 {"remote", note.remote},
                 {"runner_job", note.runner_job},
                 {"phase", name_of(note.phase)},
                 {"claim", encode_claim(note.claim)},
                 {"job_status", note.job_status}};
  put_spent(record, note.spent);
  if (note.unclaimed) record["unclaimed"] = true;
  if (note.version) record["object"] = note.version->id;
  if (note.expected) record["expected"] = note.expected->id;
  return record.dump(1, ' ', false, json::error_handler_t::replace);
}

std::optional<ClaimNote> decode_note(std::string_view text) {
  const json record = json::parse(text, nullptr, false);
  if (!record.is_object() || record.value("version", json()) != 1) return std::nullopt;
  auto claim = decode_claim(field(record, "claim"));
  if (!std::holds_alternative<Claim>(claim)) return std::nullopt;
  ClaimNote note;
  note.ref = field(record, "ref");
  note.name_space = field(record, "namespace");
  note.remote = field(record, "remote");
  note.runner_job = field(record, "runner_job");
  note.job_status = field(record, "job_status");
  note.spent = spent_in(record);
  note.unclaimed = record.value("unclaimed", json()) == true;
  if (const std::string id = field(record, "object"); !id.empty()) note.version = Version{id};
  if (const std::string id = field(record, "expected"); !id.empty()) note.expected = Version{id};
  note.claim = std::get<Claim>(std::move(claim));
  note.phase = phase_of(record, note.claim);
  return note;
}

}  // namespace refgate
