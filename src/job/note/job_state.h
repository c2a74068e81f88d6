#pragma once
// The job's own memory of the claims that it made: one file a claim, written before the push, so
// that a job whose gate was killed can still end what it may have won. Who can read the file owns
// the claim.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "call/settings.h"
#include "job/note/claim_note.h"
#include "runner/environment.h"

namespace refgate {

/// The text of a regular file of up to `most` bytes, read without ever waiting; nullopt for
/// anything else.
std::optional<std::string> read_small_file(const std::string& path, std::size_t most);

class JobState {
 public:
  /// `--state-dir`, else RUNNER_TEMP/refgate, else a folder of the user's own. The folder is made
  /// when something is written.
  JobState(const Settings& settings, const Environment& environment);

  /// True when the folder belongs to one job (RUNNER_TEMP, or `--state-dir`): only then is a file
  /// in it a proof that this job owns the claim.
  bool belongs_to_job() const { return belongs_to_job_; }

  /// Every note that can be read, ended or not. Unreadable files are passed over.
  std::vector<ClaimNote> notes() const;

  /// Throws UsageError when it cannot be written: without it `finish` could not find the claim.
  void save(const ClaimNote& note, const std::string& consequence = {}) const;
  void remove(const std::string& claim_id) const;

  /// Reads the note, and writes it as `change` leaves it unless that returns false; no other step
  /// of the job writes it in between. Throws as `save` does.
  enum class Update { written, left, missing };
  Update update(const std::string& claim_id, const std::function<bool(ClaimNote&)>& change) const;

  /// From here on what comes of the session is what its job says. Throws std::runtime_error.
  void mark_told(const std::string& claim_id) const;

  const std::string& folder() const { return folder_; }

  /// Throws UsageError where a link, or another user's, stands in the folder's place: what it holds
  /// is not read, so that a job which has no notes may have some all the same.
  void require_own_folder(const std::string& consequence) const;

  /// Makes the folder. Throws UsageError for one that is a link or another user's: whoever made it
  /// could lead the job's files anywhere.
  void make_folder(const std::string& consequence = {}) const;

  /// RUNNER_TRACKING_ID of this process.
  const std::string& runner_job() const { return runner_job_; }

 private:
  std::string path_of(const std::string& claim_id) const;

  std::string folder_;
  std::string runner_job_;
  bool belongs_to_job_ = false;
};

}  // namespace refgate
