#pragma once
// The words for why a launch may or may not start: outputs, the record, metrics.

#include <string_view>
#include <vector>

namespace refgate {

enum class ReasonCode {
  // run
  forced,
  own,
  first,
  takeover,
  retry_allowed,
  same_run,
  // skip
  active_session,
  pr_lock,
  already_done,
  retry_suppressed,
  claim_lost,
  limited,
  superseded,
  max_attempts,
  cooldown,
  breaker,
  budget,
  paused,
  queued,
  wait_expired,
  // no answer: what happens is the user's choice
  unreachable,
  denied,
  unreadable,
  read_only,
};

std::string_view name_of(ReasonCode code);

/// True for a skip that promises something: this very work is being done, or has been done. After
/// any other skip nobody has done it; that is told as a warning, and is no duplicate.
bool is_promise(ReasonCode code);
/// Likewise, of the code that a line of the record holds; false for a word that is no code.
bool is_promise(std::string_view code);

/// Every reason code, in the words of the record.
std::vector<std::string_view> reason_code_names();

}  // namespace refgate
