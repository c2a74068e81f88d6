#pragma once
// The quiet process that renews a job's lease over its many steps.
//
// It is this program again, in a session of its own, without the token in its environment: the
// token and the claim's id come through a pipe, and the process is not dumpable from before it
// reads them (prctl(2), PR_SET_DUMPABLE), so that no other process of the user can look into it.

#include <string>
#include <vector>

#include "call/settings.h"
#include "core/claim/health.h"
#include "job/note/job_state.h"
#include "runner/environment.h"

namespace refgate {

struct HeartbeatPlan {
  ClaimNote note;
  Duration lease{};
  Duration interval{};       ///< between two renewals
  Duration first_after{};    ///< until the first renewal
  bool cancels_run = false;  ///< see OnLost
  std::string mark;  ///< of the processes that it stops when `while_process` is gone; empty: none
  long while_process = 0;  ///< it ends with this process; 0: with the job that it is started in, as
                           ///< far as that can be told
};

struct HeartbeatProcess {
  long id = 0;
  int events = -1;  ///< a line a renewal: "renewed", "failed", and at the end "ended" or "lost"; -1
                    ///< when nobody listens
};

/// Throws UsageError when the session would halt between two heartbeats. `policy.skew` is the
/// claim's.
void require_room_for_heartbeats(const Policy& policy);

/// Starts it, and returns when it is ready. `listen` keeps a pipe of its news. Without an id:
/// another one renews this claim already. Throws std::runtime_error when it could not be started.
HeartbeatProcess start_heartbeats(const Settings& settings, const Environment& environment,
                                  const JobState& state, const HeartbeatPlan& plan, bool listen);

/// Whether the process that the record names still runs.
bool beats_already(const Health& health);

/// Whether a process has that number, and has not ended. Not that of a thread.
bool is_running(long id);

/// The nearest ancestor that is no shell: in a step, the runner's worker. 0 when there is none.
long process_of_job();

/// The variables that hold the token, by value, alone or within something else ("Bearer …", a URL,
/// base64): they are not handed on to what is started.
std::vector<std::string> token_variables(const Environment& environment);

}  // namespace refgate
