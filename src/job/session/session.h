#pragma once
// A session that this process leads: gate, heartbeats, news of its death, end. `run` puts a command
// into it.

#include <optional>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "core/claim/health.h"
#include "job/end/work_end.h"
#include "job/gate/gating.h"
#include "job/note/heartbeat_process.h"
#include "job/note/job_state.h"
#include "job/subject/subject.h"

namespace refgate {

/// What the loop around a session woke up for.
struct News {
  bool child = false;        ///< a child changed its state
  bool lost = false;         ///< the session is not ours any more, or may not be
  std::vector<int> signals;  ///< that others sent to this process
  std::vector<int>
      readable;  ///< those of the watched files that have something, or are at their end
};

class LedSession {
 public:
  /// Asks the gate. From its first moment on SIGINT, SIGTERM, SIGHUP and SIGQUIT of this process
  /// are news, and nothing else, unless they were ignored.
  LedSession(const Invocation& call, Settings settings);
  LedSession(const LedSession&) = delete;
  LedSession& operator=(const LedSession&) = delete;
  ~LedSession();

  const GateAnswer& gate_answer() const { return answer_; }
  bool has_claim() const { return !answer_.claim_id.empty(); }

  /// The signal that cancelled this process while the gate was asked; 0: none.
  int cancelled_by() const { return cancelled_by_; }

  /// What every process of the session has in its environment.
  const std::string& mark() const { return mark_; }

  /// Whether another operation may start: looks at the job's own record, and at nothing else.
  bool may_go_on();

  /// Starts the heartbeats. Throws std::runtime_error.
  void begin();

  /// Waits until there is news, or until `at_most` has passed. `files` are watched for reading.
  News wait(Duration at_most, const std::vector<int>& files = {});

  bool lost() const { return lost_; }
  /// One sentence: why it was lost.
  std::string cause() const;

  /// Counts an operation that the death of the session stopped.
  void count_cascade(unsigned operations);
  void set_operations(unsigned operations);

  /// Ends the session: one push, unless a gate of this job before had begun it. "skipped" when
  /// nothing was executed: then it is given back. Never throws; returns false when it could not be
  /// ended.
  bool end(const WorkEnd& work);

  /// Gives it back before anything of it was started. False: its claim may stand. Never throws.
  bool give_back();

  const JobState& state() const { return state_; }

 private:
  void note_loss();
  bool lead(const Subject& subject);
  bool end_note(const WorkEnd& work, bool never_started);
  template <typename Change>
  void note(Change change);

  const Invocation& call_;
  Settings settings_;
  JobState state_;
  GateAnswer answer_;
  HeartbeatProcess heartbeats_;
  std::string nonce_;  ///< of the claim that was made, or may have been
  std::string mark_;
  std::optional<ClaimNote>
      note_;                   ///< as it was when the session began, should the job's folder vanish
  bool begun_before_ = false;  ///< by a gate of this job, which its finish ends
  int cancelled_by_ = 0;
  int leading_ = -1;  ///< the lock that one process of a job has on the session
  int signals_ = -1;
  int timer_ = -1;
  bool lost_ = false;
};

}  // namespace refgate
