#pragma once
// A session that this process leads: gate, heartbeats, news of its death, end. `run` puts a command into it.

#include <string>
#include <vector>

#include "app/gating.h"
#include "app/heartbeat_process.h"
#include "app/invocation.h"
#include "app/job_state.h"
#include "core/health.h"

namespace refgate {

/// What the loop around a session woke up for.
struct News {
  bool child = false;         ///< a child changed its state
  bool lost = false;          ///< the session is not ours any more, or may not be
  std::vector<int> signals;   ///< that others sent to this process
  std::vector<int> readable;  ///< those of the watched files that have something, or are at their end
};

class LedSession {
 public:
  /// Asks the gate. From here on SIGINT, SIGTERM, SIGHUP and SIGQUIT of this process are news, and nothing else.
  LedSession(const Invocation& call, Settings settings);
  LedSession(const LedSession&) = delete;
  LedSession& operator=(const LedSession&) = delete;
  ~LedSession();

  const GateAnswer& gate_answer() const { return answer_; }
  bool has_claim() const { return !answer_.claim_id.empty(); }

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

  /// Ends the session: one push. Never throws; returns false when it could not be ended.
  bool end(const std::string& job_status);

  const JobState& state() const { return state_; }

 private:
  void note_loss();

  const Invocation& call_;
  Settings settings_;
  JobState state_;
  GateAnswer answer_;
  HeartbeatProcess heartbeats_;
  int signals_ = -1;
  int timer_ = -1;
  bool lost_ = false;
};

}  // namespace refgate
