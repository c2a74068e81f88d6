#pragma once
// What the user chose. Options win over the environment, that over `--config`, that over the defaults below.

#include <string_view>

#include "core/time.h"

namespace refgate {

enum class Retry {
  suppress,  ///< nothing that failed is launched again
  manual,    ///< a person may, by re-running the run
  allow,
};

/// What a gate does when it has no answer.
enum class Fallback { fail, run, skip };

enum class AuditSkips {
  push,     ///< one best-effort push a skip
  summary,  ///< in the job summary only
};

struct Policy {
  Duration memory = std::chrono::days(7);             ///< for how long finished work is not launched again
  Duration pr_lock_window = std::chrono::hours(1);    ///< for how long a push and a pull request of one commit exclude each other by name
  Duration session_window = std::chrono::minutes(5);  ///< the lease of the positional commands
  Duration lease = std::chrono::hours(6);             ///< the longest that a job can last on GitHub's runners: right without heartbeats
  Duration skew = std::chrono::seconds(60);           ///< how far two clocks may be apart
  Duration deadline = std::chrono::seconds(30);       ///< for one whole call
  Retry retry = Retry::suppress;
  bool force = false;
  Fallback on_error = Fallback::fail;
  Fallback on_read_only = Fallback::skip;
  AuditSkips audit_skips = AuditSkips::push;
};

}  // namespace refgate
