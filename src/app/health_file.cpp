#include "app/health_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <stdexcept>

#include "core/digest.h"

namespace refgate {
namespace {

constexpr std::size_t longest_record = 64u << 10;

/// A record is small: one read of it is the whole of it.
std::optional<Health> read_record(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return std::nullopt;
  std::string text(longest_record, '\0');
  const ssize_t length = ::read(file, text.data(), text.size());
  ::close(file);
  if (length <= 0) return std::nullopt;
  return decode_health(std::string_view(text).substr(0, static_cast<std::size_t>(length)));
}

/// Held while a record is changed. Without it (a folder that cannot be written) the change fails later, and says so.
class Lock {
 public:
  explicit Lock(const std::string& path) : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (file_ >= 0)
      while (::flock(file_, LOCK_EX) != 0 && errno == EINTR) continue;
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  int file_;
};

}  // namespace

BootTime boot_now() {
  timespec at{};
  ::clock_gettime(CLOCK_BOOTTIME, &at);
  return std::chrono::seconds(at.tv_sec) + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(at.tv_nsec));
}

HealthFile::HealthFile(const JobState& state, const std::string& claim_id)
    : path_(state.folder() + "/health-" + sha256_hex(claim_id).substr(0, 32) + ".json") {}

std::optional<Health> HealthFile::read() const { return read_record(path_); }

void HealthFile::write(const Health& health) const {
  if (!replace_file(path_, encode_health(health)))
    throw std::runtime_error("the session's health record " + path_ + " could not be written (" + std::strerror(errno) + ")");
}

std::optional<Health> HealthFile::update(const std::function<void(Health&)>& change) const {
  const Lock lock(path_ + ".lock");
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
  std::sort(found.begin(), found.end(), [](const Health& a, const Health& b) { return a.started_at < b.started_at; });
  return found;
}

Health health_of(const Claim& claim, const std::string& ref, const std::string& runner_job, BootTime sent) {
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
