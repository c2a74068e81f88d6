#pragma once
// What a gate of this job that only watches leaves for the job's `finish`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job/note/job_state.h"

namespace refgate {

struct Observation {
  std::string ref;          ///< the scope
  Holder caller;            ///< who was told: its run, attempt and job
  std::string nonce;        ///< of the claim that it made, or would have made
  bool would_skip = false;  ///< it ran without a claim
  Instant since{};
  std::string runner_job;  ///< RUNNER_TRACKING_ID of who was told
};

/// As a text, and back; nullopt for anything else. Never throws, on any text.
std::string encode_observation(const Observation& observation, const std::string& runner_job);
std::optional<Observation> decode_observation(std::string_view text);

/// Best effort: the verdict stands whether it could be noted or not.
void note_observation(const JobState& state, const Observation& observation);

/// Its end is in the record, or the scope was asked for again by a gate that does not watch.
void forget_observation(const JobState& state, const std::string& ref);

/// Those that can be read and were told to a job of this runner, run, attempt and name.
std::vector<Observation> observations(const JobState& state, const Holder& job);

}  // namespace refgate
