#include "call/lease_room.h"

namespace refgate {

std::optional<std::string> lease_without_room(const Policy& policy) {
  const Duration lease = beat_lease(policy);
  const Duration interval = beat_interval(policy);
  if (lease > policy.skew + interval) return std::nullopt;
  return "the lease (" + format_duration(lease) +
         ") must be longer than skew and interval together (" + format_duration(policy.skew) +
         " + " + format_duration(interval) + "), or the session would halt between two heartbeats";
}

std::optional<std::string> lease_within_skew(Duration lease, Duration skew) {
  if (lease >= skew) return std::nullopt;
  return "the lease (" + format_duration(lease) + ") is shorter than the skew (" +
         format_duration(skew) + "), so that the session would be over before it began";
}

}  // namespace refgate
