#pragma once
// Whether the job that ends its session may end well itself.

#include <optional>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "job/end/ending.h"
#include "job/note/job_state.h"

namespace refgate {

/// The gate's output of that name; nullopt when it was not handed on, or, with a word in `faults`,
/// is neither true nor false.
std::optional<bool> own_failure_of(const Invocation& call, std::vector<std::string>& faults);

/// A skip must not turn this run's own failure into success.
class Judgement {
 public:
  /// `handed_on` as own_failure_of() gives it.
  Judgement(const Invocation& call, const Settings& settings, const JobState& state,
            std::optional<bool> handed_on);

  /// With the claim of another job: the gate's outputs may be those of an earlier attempt.
  void hear(const Ended& ended);

  /// The exit status, and why where it is no success.
  int tell(const Invocation& call) const;

 private:
  void fail(const std::string& why);

  Holder caller_;
  std::optional<bool> handed_on_;
  std::string why_;
};

}  // namespace refgate
