#include "job/note/observation.h"

#include <unistd.h>

#include <cstdint>
#include <filesystem>

#include "core/text/digest.h"
#include "core/text/json.h"
#include "os/file/replaced_file.h"

namespace refgate {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t longest_note = 64U << 10;

std::string path_of(const JobState& state, const std::string& ref) {
  return state.folder() + "/observed-" + sha256_hex(ref).substr(0, 32) + ".json";
}

std::string field(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_nonce(const std::string& text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::string encode_observation(const Observation& observation, const std::string& runner_job) {
  const json record = {{"version", 1},
                       {"ref", observation.ref},
                       {"runner_job", runner_job},
                       {"run_id", observation.caller.run_id},
                       {"run_attempt", observation.caller.run_attempt},
                       {"job", observation.caller.job},
                       {"nonce", observation.nonce},
                       {"would_skip", observation.would_skip},
                       {"since", format_rfc3339(observation.since)}};
  return record.dump(1, ' ', false, json::error_handler_t::replace);
}

std::optional<Observation> decode_observation(std::string_view text) {
  const json record = json::parse(text, nullptr, false);
  if (!record.is_object() || record.value("version", json()) != 1) return std::nullopt;
  Observation observation;
  observation.ref = field(record, "ref");
  observation.runner_job = field(record, "runner_job");
  observation.caller.run_id = field(record, "run_id");
  observation.caller.job = field(record, "job");
  const json attempt = record.value("run_attempt", json());
  const auto since = parse_rfc3339(field(record, "since"));
  observation.nonce = field(record, "nonce");
  if (!attempt.is_number_unsigned() || attempt.get<std::uint64_t>() > UINT32_MAX || !since ||
      !is_nonce(observation.nonce))
    return std::nullopt;
  observation.caller.run_attempt = attempt.get<unsigned>();
  observation.would_skip = record.value("would_skip", json()) == true;
  observation.since = *since;
  return observation;
}

void note_observation(const JobState& state, const Observation& observation) {
  // Outside of a job the folder is the user's, and nobody's finish would be meant.
  if (!state.belongs_to_job()) return;
  try {
    state.make_folder();
  } catch (const std::runtime_error&) {
    return;
  }
  replace_file(path_of(state, observation.ref),
               encode_observation(observation, state.runner_job()));
}

void forget_observation(const JobState& state, const std::string& ref) {
  ::unlink(path_of(state, ref).c_str());
}

std::vector<Observation> observations(const JobState& state, const Holder& job) {
  std::vector<Observation> found;
  if (!state.belongs_to_job()) return found;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(state.folder(), error)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with("observed-") || !name.ends_with(".json")) continue;
    auto noted =
        decode_observation(read_small_file(file.path().string(), longest_note).value_or(""));
    if (!noted || noted->runner_job != state.runner_job() || noted->caller.run_id != job.run_id ||
        noted->caller.job != job.job || noted->caller.run_attempt != job.run_attempt)
      continue;
    noted->caller = job;
    found.push_back(*std::move(noted));
  }
  return found;
}

}  // namespace refgate
