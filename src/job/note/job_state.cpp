#include "job/note/job_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "call/remote.h"
#include "core/text/digest.h"
#include "core/text/json.h"
#include "os/checked_output.h"
#include "os/replaced_file.h"

namespace refgate {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// A claim of a megabyte, and what stands around it.
constexpr std::size_t longest_note = 4u << 20;

std::string user_folder(const Environment& environment) {
  if (const std::string state = environment.get("XDG_STATE_HOME"); state.starts_with('/'))
    return state + "/refgate";
  if (const std::string home = environment.get("HOME"); home.starts_with('/'))
    return home + "/.local/state/refgate";
  return "/tmp/refgate-" + std::to_string(::getuid());
}

std::string field(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<ClaimNote> read_note(const fs::path& path) {
  const auto text = read_small_file(path.string(), longest_note);
  const json record = json::parse(text.value_or(""), nullptr, false);
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

/// A folder that another user made in our place could hold anything.
bool is_own_folder(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
         (about.st_uid == ::getuid() || about.st_uid == 0);
}

[[noreturn]] void fail(const std::string& path) {
  throw OutputError("the job's state file " + path, errno, "nothing was claimed");
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
  for (const auto& file : fs::directory_iterator(folder_, error)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with("claim-") || !name.ends_with(".json")) continue;
    if (auto note = read_note(file.path())) notes.push_back(std::move(*note));
  }
  std::sort(notes.begin(), notes.end(), [](const ClaimNote& a, const ClaimNote& b) {
    return a.claim.claimed_at < b.claim.claimed_at;
  });
  return notes;
}

std::optional<std::string> read_small_file(const std::string& path, std::size_t most) {
  // O_NONBLOCK: a pipe in its place would make the open wait for ever.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  struct stat about {};
  std::optional<std::string> text;
  if (::fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size >= 0 &&
      static_cast<std::size_t>(about.st_size) <= most) {
    text.emplace(static_cast<std::size_t>(about.st_size), '\0');
    std::size_t at = 0;
    while (at < text->size()) {
      const ssize_t got = ::read(file, text->data() + at, text->size() - at);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      at += static_cast<std::size_t>(got);
    }
    text->resize(at);
  }
  ::close(file);
  return text;
}

void JobState::make_folder() const {
  std::error_code error;
  fs::create_directories(fs::path(folder_).parent_path(), error);
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) fail(folder_);
  if (!is_own_folder(folder_))
    throw UsageError("the job's state folder " + folder_ +
                     " is a link, or another user's; nothing was claimed");
}

void JobState::save(const ClaimNote& note) const {
  make_folder();
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
  const std::string text = record.dump(1, ' ', false, json::error_handler_t::replace);
  const std::string path = path_of(note.claim.claim_id);
  if (!replace_file(path, text)) fail(path);
}

void JobState::mark_told(const std::string& claim_id) const {
  for (ClaimNote& note : notes()) {
    if (note.claim.claim_id != claim_id || !note.untold) continue;
    note.untold = false;
    save(note);
  }
}

void JobState::remove(const std::string& claim_id) const { ::unlink(path_of(claim_id).c_str()); }

}  // namespace refgate
