#pragma once
// How a job's later step speaks with the heartbeat process that its gate has started: a line of
// JSON each way over an abstract unix socket, which lies in no folder that could be emptied.
//
// Nothing proves who answers: code of the same user can end the process and answer in its place.
// An answer is reported as its word.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/spent.h"
#include "core/text/time.h"
#include "job/note/job_state.h"
#include "runner/environment.h"

namespace refgate {

/// What tells this job from every other on the machine, as a digest: RUNNER_TRACKING_ID, which the
/// runner makes for each job, the run, attempt and job, and the folder of its state.
std::string heartbeat_address(const Environment& environment, const JobState& state);

/// What is asked of a heartbeat process: to end the session.
struct EndQuestion {
  std::string status;  ///< as GitHub says what came of the work
  std::chrono::milliseconds within{};
  std::optional<Instant> until;  ///< of a session that ends as limited
  Spent spent;                   ///< what the job says that it cost
};

std::string encode_question(const EndQuestion& question);

/// nullopt for anything else, and for a time that is none or longer than any call may take. Never
/// throws, on any text.
std::optional<EndQuestion> decode_question(std::string_view line);

/// The end that waits to be asked. Several processes of one job listen side by side.
class HeartbeatSocket {
 public:
  /// Listens; `descriptor` is -1 when every place is taken or there are no such sockets.
  explicit HeartbeatSocket(const std::string& address);
  HeartbeatSocket(const HeartbeatSocket&) = delete;
  HeartbeatSocket& operator=(const HeartbeatSocket&) = delete;
  ~HeartbeatSocket();

  int descriptor() const { return listening_; }

  /// The line that somebody of this user sends, within a second; nullopt for anybody else and for
  /// anything else. `answer` goes to whom was heard last.
  std::optional<std::string> hear();
  void answer(const std::string& line);

 private:
  int listening_ = -1;
  int heard_ = -1;
};

/// Asks every process that listens there, one after the other, and returns what they answered
/// before the deadline.
std::vector<std::string> ask_heartbeats(const std::string& address, const std::string& line,
                                        std::chrono::steady_clock::time_point deadline);

}  // namespace refgate
