#include "job/note/job_state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <utility>
#include <variant>

#include "call/remote.h"
#include "core/text/digest.h"
#include "os/file/checked_output.h"
#include "os/file/file_lock.h"
#include "os/file/regular_file.h"
#include "os/file/replaced_file.h"

namespace refgate {
namespace {

namespace fs = std::filesystem;

/// A claim of a megabyte, and what stands around it.
constexpr std::size_t longest_note = 4u << 20;
/// More than the claims of any job; whoever fills the folder would else keep us reading.
constexpr std::size_t most_of_all_notes = 32u << 20;

std::string user_folder(const Environment& environment) {
  if (const std::string state = environment.get("XDG_STATE_HOME"); state.starts_with('/'))
    return state + "/refgate";
  if (const std::string home = environment.get("HOME"); home.starts_with('/'))
    return home + "/.local/state/refgate";
  return "/tmp/refgate-" + std::to_string(::getuid());
}

std::optional<ClaimNote> read_note(const std::string& path) {
  const auto text = read_small_file(path, longest_note);
  return text ? decode_note(*text) : std::nullopt;
}

/// A folder that another user made in our place could hold anything.
bool is_own_folder(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
         (about.st_uid == ::getuid() || about.st_uid == 0);
}

[[noreturn]] void fail(const std::string& path, const std::string& consequence) {
  throw OutputError("the job's state file " + path, errno, consequence);
}

}  // namespace

JobState::JobState(const Settings& settings, const Environment& environment)
    : runner_job_(environment.get("RUNNER_TRACKING_ID")) {
  const std::string temp = environment.get("RUNNER_TEMP");
  belongs_to_job_ = !settings.state_dir.empty() || !temp.empty();
  folder_ = !settings.state_dir.empty() ? settings.state_dir
            : !temp.empty()             ? temp + "/refgate"
                                        : user_folder(environment);
}

std::string JobState::path_of(const std::string& claim_id) const {
  return folder_ + "/claim-" + sha256_hex(claim_id).substr(0, 32) + ".json";
}

std::vector<ClaimNote> JobState::notes() const {
  std::vector<ClaimNote> notes;
  std::error_code error;
  if (!is_own_folder(folder_)) return notes;
  std::size_t left = most_of_all_notes;
  for (const auto& file : fs::directory_iterator(folder_, error)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with("claim-") || !name.ends_with(".json")) continue;
    const auto text = read_small_file(file.path().string(), std::min(longest_note, left));
    if (!text) continue;
    left -= text->size();
    auto note = decode_note(*text);
    if (!note) continue;
    const bool own_name = file.path().string() == path_of(note->claim.claim_id);
    notes.insert(own_name ? notes.begin() : notes.end(), std::move(*note));
  }
  std::stable_sort(notes.begin(), notes.end(), [](const ClaimNote& a, const ClaimNote& b) {
    return a.claim.claimed_at < b.claim.claimed_at;
  });
  // The same claim under other names is the same claim: thousands of them would be thousands of
  // questions.
  std::set<std::pair<std::string, std::string>> told;
  std::erase_if(notes, [&](const ClaimNote& note) {
    return !told.emplace(note.claim.claim_id, note.ref).second;
  });
  return notes;
}

std::optional<std::string> read_small_file(const std::string& path, std::size_t most) {
  auto read = read_regular_file(path, most, Links::refused);
  auto* text = std::get_if<FileText>(&read);
  if (text == nullptr || text->cut) return std::nullopt;
  return std::move(text->bytes);
}

void JobState::make_folder(const std::string& consequence) const {
  std::error_code error;
  fs::create_directories(fs::path(folder_).parent_path(), error);
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) fail(folder_, consequence);
  require_own_folder(consequence);
}

void JobState::require_own_folder(const std::string& consequence) const {
  struct stat about {};
  if (::lstat(folder_.c_str(), &about) == 0 && !is_own_folder(folder_))
    throw UsageError("the job's state folder " + folder_ + " is a link, or another user's" +
                     (consequence.empty() ? "" : "; ") + consequence);
}

void JobState::save(const ClaimNote& note, const std::string& consequence) const {
  make_folder(consequence);
  const std::string path = path_of(note.claim.claim_id);
  const FileLock lock(path + ".lock");
  if (!replace_file(path, encode_note(note))) fail(path, consequence);
}

JobState::Update JobState::update(const std::string& claim_id,
                                  const std::function<bool(ClaimNote&)>& change) const {
  const std::string path = path_of(claim_id);
  if (!is_own_folder(folder_) || !read_note(path)) return Update::missing;
  const FileLock lock(path + ".lock");
  auto note = read_note(path);
  if (!note || note->claim.claim_id != claim_id) return Update::missing;
  if (!change(*note)) return Update::left;
  if (!replace_file(path, encode_note(*note))) fail(path, {});
  return Update::written;
}

void JobState::mark_told(const std::string& claim_id) const {
  update(claim_id, [](ClaimNote& note) {
    const Phase before = note.phase;
    return note.take(PhaseStep::told) && note.phase != before;
  });
}

void JobState::remove(const std::string& claim_id) const {
  const std::string path = path_of(claim_id);
  if (!is_own_folder(folder_) || ::access(path.c_str(), F_OK) != 0) return;
  const FileLock lock(path + ".lock");
  ::unlink(path.c_str());
  ::unlink((path + ".lock").c_str());
}

}  // namespace refgate
