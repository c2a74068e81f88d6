#include "job/note/health_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <stdexcept>

#include "call/remote.h"
#include "core/text/digest.h"
#include "os/file/checked_output.h"
#include "os/file/file_lock.h"
#include "os/file/replaced_file.h"

namespace refgate {
namespace {

constexpr std::size_t longest_record = 64u << 10;

std::optional<Health> read_record(const std::string& path) {
  const auto text = read_small_file(path, longest_record);
  return text ? decode_health(*text) : std::nullopt;
}

}  // namespace

BootTime boot_now() {
  timespec at{};
  ::clock_gettime(CLOCK_BOOTTIME, &at);
  return std::chrono::seconds(at.tv_sec) +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(at.tv_nsec));
}

HealthFile::HealthFile(const JobState& state, const std::string& claim_id)
    : path_(state.folder() + "/health-" + sha256_hex(claim_id).substr(0, 32) + ".json") {}

std::optional<Health> HealthFile::read() const { return read_record(path_); }

void HealthFile::write(const Health& health) const {
  if (!replace_file(path_, encode_health(health)))
    throw OutputError("the session's health record " + path_, errno);
}

std::optional<Health> HealthFile::update(const std::function<void(Health&)>& change) const {
  const FileLock lock(path_ + ".lock");
  auto health = read();
  if (!health) return std::nullopt;
  const Health before = *health;
  change(*health);
  if (*health != before) write(*health);
  return health;
}

void HealthFile::remove() const {
  ::unlink(path_.c_str());
  ::unlink((path_ + ".lock").c_str());
}

std::vector<Health> health_of_job(const JobState& state, const std::string& claim_id) {
  std::vector<Health> found;
  if (!claim_id.empty()) {
    if (auto health = HealthFile(state, claim_id).read()) found.push_back(std::move(*health));
    return found;
  }
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(state.folder(), error)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with("health-") || !name.ends_with(".json")) continue;
    auto health = read_record(file.path().string());
    if (health && health->runner_job == state.runner_job()) found.push_back(std::move(*health));
  }
  std::sort(found.begin(), found.end(),
            [](const Health& a, const Health& b) { return a.started_at < b.started_at; });
  return found;
}

Health health_of(const Claim& claim, const std::string& ref, const std::string& runner_job,
                 BootTime sent) {
  Health health;
  health.claim_id = claim.claim_id;
  health.generation = claim.generation;
  health.ref = ref;
  health.session_key = claim.session_key;
  health.runner_job = runner_job;
  health.lease = claim.limits.lease;
  health.skew = claim.limits.skew;
  health.started_at = claim.claimed_at;
  health.last_beat = claim.renewed_at;
  health.renewed = sent;
  return health;
}

}  // namespace refgate
