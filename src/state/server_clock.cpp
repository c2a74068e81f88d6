#include "state/server_clock.h"

#include <algorithm>

namespace refgate {

std::optional<std::string> clock_difference(const std::optional<ServerClock>& seen, Duration skew) {
  if (!seen) return std::nullopt;
  const Duration ahead = seen->ahead();
  const Duration apart = std::max(ahead, -ahead);
  if (apart <= skew) return std::nullopt;
  return "this machine's clock (" + format_rfc3339(seen->ours) + ") is " + format_duration(apart) +
         (ahead > Duration::zero() ? " ahead of" : " behind") + " the server's (" +
         format_rfc3339(seen->server) + ")";
}

}  // namespace refgate
