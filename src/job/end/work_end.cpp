#include "job/end/work_end.h"

#include <utility>
#include <variant>

#include "core/claim/claim.h"
#include "core/governing/limited.h"

namespace refgate {

WorkEnd work_end_of(const Invocation& call, const std::string& status,
                    std::vector<std::string>& faults) {
  std::string after = call.option("after");
  std::string until = call.option("until");
  if (after.empty() && until.empty()) {
    after = call.environment.get("REFGATE_AFTER");
    until = call.environment.get("REFGATE_UNTIL");
  }
  const bool limited = meaning_of_status(status).outcome == ClaimOutcome::limited;
  // A workflow gives them beside whatever came of its work.
  if (!limited) return {status, std::nullopt};
  auto at = limit_until(after, until, now());
  if (const auto* at_time = std::get_if<Instant>(&at)) return {status, *at_time};
  faults.push_back(std::get<std::string>(std::move(at)));
  return {status, std::nullopt};
}

std::optional<Duration> limited_after_of(const Invocation& call) {
  if (!call.flag("limited-after")) return std::nullopt;
  const std::string text = call.option("limited-after");
  const auto span = parse_duration(text);
  if (!span || *span > longest_limit)
    throw UsageError("--limited-after is \"" + text +
                     "\", but must be a span of time up to 30 days, such as 2h; nothing was asked");
  if (call.flag("each"))
    throw UsageError(
        "--limited-after goes with one command, and not with --each; nothing was asked");
  return span;
}

}  // namespace refgate
