#include "call/command_row.h"

namespace refgate {

Names join(std::initializer_list<Names> groups) {
  Names all;
  for (const Names& group : groups)
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

const Names& store_settings() {
  static const Names names{"remote", "namespace", "deadline", "config", "verbose"};
  return names;
}

const Names& subject_settings() {
  static const Names names{"event",    "workflow",    "sha",       "run-id",    "run-attempt",
                           "job",      "job-index",   "share",     "dimension", "matrix",
                           "identity", "identity-by", "state-dir", "claim-id"};
  return names;
}

const Names& policy_settings() {
  static const Names names{"memory",       "pr-lock-window", "session-window", "lease",
                           "skew",         "retry",          "max-attempts",   "cooldown",
                           "budget",       "reserve",        "force",          "on-error",
                           "on-read-only", "holder-run",     "audit-skips"};
  return names;
}

const Names& positional_settings() {
  static const Names names{"run-attempt", "job",      "job-index", "share",
                           "dimension",   "identity", "state-dir", "claim-id"};
  return names;
}

const Names& governing_settings() {
  static const Names names{"observe", "pause", "follow", "supersede", "settle", "breaker"};
  return names;
}

const Names& cost_settings() {
  static const Names names{"cost", "tokens", "usage"};
  return names;
}

const Names& liveness_settings() {
  static const Names names{"interval", "heartbeat", "on-lost"};
  return names;
}

const Names& ordering_settings() {
  static const Names names{"group-by", "bot", "slots", "wait", "no-wait"};
  return names;
}

const Names& limit_settings() {
  static const Names names{"max-attempts", "cooldown", "budget", "reserve", "breaker", "slots"};
  return names;
}

const Names& runner_settings() {
  static const Names names{"event", "workflow",  "sha",       "run-id",  "run-attempt",
                           "job",   "job-index", "state-dir", "claim-id"};
  return names;
}

}  // namespace refgate
