#pragma once
// What a gate of this job that said skip leaves for the job's `finish`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job/note/job_state.h"

namespace refgate {

struct ToldSkip {
  std::string ref;           ///< the scope
  Holder caller;             ///< who was told: its run, attempt and job
  std::string reason;        ///< for people
  bool own_failure = false;  ///< this run's own session ended otherwise than with success
  std::string runner_job;    ///< RUNNER_TRACKING_ID of who was told
  std::string code;          ///< why, in the words of the record; or empty
};

/// As a text, and back; nullopt for anything else. Never throws, on any text.
std::string encode_told_skip(const ToldSkip& skip, const std::string& runner_job);
std::optional<ToldSkip> decode_told_skip(std::string_view text);

/// Best effort: a skip stands whether it could be noted or not.
void note_skip(const JobState& state, const ToldSkip& skip);

/// The scope was asked for again, with another answer.
void forget_skip(const JobState& state, const std::string& ref);

/// Those that can be read and were told to a job of this runner, run, attempt and name.
std::vector<ToldSkip> told_skips(const JobState& state, const Holder& job);

}  // namespace refgate
