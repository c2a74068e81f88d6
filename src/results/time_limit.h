#pragma once
// The time that a session has, and the warning before it is over.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "call/invocation.h"
#include "job/note/job_state.h"
#include "results/channel.h"

namespace refgate {

struct TimeLimit {
  using Clock = std::chrono::steady_clock;

  Clock::time_point ends = Clock::time_point::max();
  Clock::time_point warns = Clock::time_point::max();
  std::string on_warn;  ///< a shell command; empty: nothing is warned
};

/// From --limit, --warn-at and --on-warn, counted from --since, else from when the job's claim was
/// made, else from now. Without --warn-at the warning comes after four fifths of the limit. Throws
/// UsageError.
TimeLimit time_limit_of(const Invocation& call, const std::optional<ClaimNote>& session);

/// Runs the early summary once its time has come, beside whatever this process does meanwhile. It
/// is run once a session, however many processes watch. At the end of the object's life it is over:
/// what still runs then has until `bound` after its start, or until `halt`.
class EarlyWarning {
 public:
  /// `first` is asked once the time has come: false when another process of the session has warned.
  EarlyWarning(const TimeLimit& limit, Duration bound, std::function<bool()> first,
               std::function<bool()> halt);
  ~EarlyWarning();
  EarlyWarning(const EarlyWarning&) = delete;
  EarlyWarning& operator=(const EarlyWarning&) = delete;

  /// Waits for a warning that is under way, and lets none begin. nullopt when none was given here.
  std::optional<Attempt> finish();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::optional<Attempt> given_;
  std::thread watcher_;
};

/// True for the first call of a session, or of a job without one, that says `what`. Where neither
/// is known, or the job's folder cannot be written, every call is the first.
bool is_first_to_say(const std::string& what, const Invocation& call, const JobState& state,
                     const std::optional<ClaimNote>& session);

}  // namespace refgate
