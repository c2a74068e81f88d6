#pragma once
// Which lines of the record tell of a launch, each launch once. Pure.

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/record/audit.h"

namespace refgate {

/// A run and its attempt; attempts are launches of their own.
using RunAttempt = std::pair<std::string_view, unsigned>;
RunAttempt run_attempt_of(const AuditEntry& entry);

/// What a line without a scope is about: workflow, commit and event, where a push and a pull
/// request are one.
using WorkKey = std::tuple<std::string_view, std::string_view, std::string_view>;
WorkKey work_of(const AuditEntry& entry);

/// A line `launch` tells of a launch, unless a line `given_back` answers it. So does a line that
/// somebody wrote by hand (`audit`) and that says "executed", whoever wrote it: once a run and
/// attempt and piece of work, and not where that run and attempt has a launch of its own.
class Launches {
 public:
  explicit Launches(std::span<const ReadEntry> entries);

  const std::vector<const AuditEntry*>& by_gate() const { return by_gate_; }
  const std::vector<const AuditEntry*>& by_hand() const { return by_hand_; }

  bool is_given_back(const AuditEntry& entry) const {
    return given_back_.contains({entry.claim_id, entry.generation});
  }
  /// True for the line by which a launch of `by_hand` is told.
  bool tells(const AuditEntry& entry) const { return told_.contains(&entry); }
  /// True when a gate told this run and attempt to skip.
  bool was_told_to_skip(const AuditEntry& entry) const {
    return skipped_.contains(run_attempt_of(entry));
  }

 private:
  std::vector<const AuditEntry*> by_gate_;
  std::vector<const AuditEntry*> by_hand_;
  std::set<const AuditEntry*> told_;
  std::set<std::pair<std::string_view, std::uint64_t>> given_back_;
  std::set<RunAttempt> skipped_;
};

}  // namespace refgate
