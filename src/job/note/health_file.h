#pragma once
// The health records of a job: one small file a session in the job's state folder, read without any
// network.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/claim/health.h"
#include "job/note/job_state.h"

namespace refgate {

/// CLOCK_BOOTTIME.
BootTime boot_now();

class HealthFile {
 public:
  HealthFile(const JobState& state, const std::string& claim_id);

  /// nullopt when there is none, or none that can be read.
  std::optional<Health> read() const;

  /// Makes or replaces the record. Throws std::runtime_error when it cannot be written.
  void write(const Health& health) const;

  /// Reads, changes and writes, alone among all processes that do so. Returns the record as
  /// written; nullopt when there is none.
  std::optional<Health> update(const std::function<void(Health&)>& change) const;

  void remove() const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Every record of this job's folder, by start. With `claim_id` only that session's; else those of
/// this runner's job.
std::vector<Health> health_of_job(const JobState& state, const std::string& claim_id);

/// The record of a claim that was won by a push sent at `sent`.
Health health_of(const Claim& claim, const std::string& ref, const std::string& runner_job,
                 BootTime sent);

}  // namespace refgate
