#pragma once
// run --each: one command an item, several at once, each asked for before it starts, the rest
// cancelled when the session dies.

#include <optional>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "job/session/session.h"
#include "os/process/child_group.h"

namespace refgate {

struct EachPlan {
  std::vector<std::string> items;
  unsigned parallel = 1;
  unsigned max_failures =
      0;  ///< so many in a row that name the session as the cause end the work; 0: any number
  std::vector<std::string> session_error;  ///< what a failed item's standard error says when it is
                                           ///< for the session's sake
};

/// An item says by this exit status that it failed for the session's sake (EX_TEMPFAIL of
/// sysexits.h).
inline constexpr int session_failure_status = 75;

/// From the options; nullopt without --each. Reads the items. Throws UsageError.
std::optional<EachPlan> each_plan(const Invocation& call);

/// Runs `command` once an item, `{}` in its words being the item (which comes last when there is
/// none), and ends the session. Counts to standard output and to the outputs: done + failed +
/// cancelled = all. Exit status 0 when all are done, 1 when not, 128 + number after a signal.
int run_each(const Invocation& call, LedSession& session, const ChildGroup::Command& command,
             Duration kill_after, const EachPlan& plan);

}  // namespace refgate
