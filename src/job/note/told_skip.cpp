#include "job/note/told_skip.h"

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
  return state.folder() + "/skip-" + sha256_hex(ref).substr(0, 32) + ".json";
}

std::string field(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string encode_told_skip(const ToldSkip& skip, const std::string& runner_job) {
  const json record = {{"version", 1},
                       {"ref", skip.ref},
                       {"runner_job", runner_job},
                       {"run_id", skip.caller.run_id},
                       {"run_attempt", skip.caller.run_attempt},
                       {"job", skip.caller.job},
                       {"reason", skip.reason},
                       {"code", skip.code},
                       {"own_failure", skip.own_failure}};
  return record.dump(1, ' ', false, json::error_handler_t::replace);
}

std::optional<ToldSkip> decode_told_skip(std::string_view text) {
  const json record = json::parse(text, nullptr, false);
  if (!record.is_object() || record.value("version", json()) != 1) return std::nullopt;
  ToldSkip skip;
  skip.ref = field(record, "ref");
  skip.runner_job = field(record, "runner_job");
  skip.caller.run_id = field(record, "run_id");
  skip.caller.job = field(record, "job");
  const json attempt = record.value("run_attempt", json());
  if (!attempt.is_number_unsigned() || attempt.get<std::uint64_t>() > UINT32_MAX)
    return std::nullopt;
  skip.caller.run_attempt = attempt.get<unsigned>();
  skip.reason = field(record, "reason");
  skip.code = field(record, "code");
  skip.own_failure = record.value("own_failure", json()) == true;
  return skip;
}

void note_skip(const JobState& state, const ToldSkip& skip) {
  // Outside of a job the folder is the user's, and nobody's finish would be meant.
  if (!state.belongs_to_job()) return;
  try {
    state.make_folder();
  } catch (const std::runtime_error&) {
    return;
  }
  replace_file(path_of(state, skip.ref), encode_told_skip(skip, state.runner_job()));
}

void forget_skip(const JobState& state, const std::string& ref) {
  ::unlink(path_of(state, ref).c_str());
}

std::vector<ToldSkip> told_skips(const JobState& state, const Holder& job) {
  std::vector<ToldSkip> skips;
  if (!state.belongs_to_job()) return skips;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(state.folder(), error)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with("skip-") || !name.ends_with(".json")) continue;
    const auto text = read_small_file(file.path().string(), longest_note);
    auto skip = decode_told_skip(text.value_or(""));
    if (!skip || skip->runner_job != state.runner_job() || skip->caller.run_id != job.run_id ||
        skip->caller.job != job.job || skip->caller.run_attempt != job.run_attempt)
      continue;
    skip->caller = job;
    skips.push_back(*std::move(skip));
  }
  return skips;
}

}  // namespace refgate
