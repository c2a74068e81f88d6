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

}  // namespace

std::string encode_note(const ClaimNote& note) {
  json record = {{"version", 1},
                 {"ref", note.ref},
                 {"namespace", note.name_space},
                 {"remote", note.remote},
                 {"runner_job", note.runner_job},
                 {"claim", encode_claim(note.claim)},
                 {"job_status", note.job_status}};
  record["unanswered"] = note.unanswered;
  record["untold"] = note.untold;
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
  if (const std::string id = field(record, "object"); !id.empty()) note.version = Version{id};
  if (const std::string id = field(record, "expected"); !id.empty()) note.expected = Version{id};
  note.unanswered = record.value("unanswered", json()) == true;
  note.untold = record.value("untold", json()) == true;
  note.claim = std::get<Claim>(std::move(claim));
  return note;
}

}  // namespace refgate
