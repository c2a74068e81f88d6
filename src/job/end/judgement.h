#pragma once
// Whether the job that ends its session may end well itself.

#include <optional>
#include <string>

#include "call/invocation.h"
#include "job/end/ending.h"
#include "job/note/job_state.h"

namespace refgate {

/// A skip must not turn this run's own failure into success.
class Judgement {
 public:
  /// Throws UsageError for an `own-failure` that is neither true nor false.
  Judgement(const Invocation& call, const Settings& settings, const JobState& state);

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
