#pragma once
// The decision's own: rules in an order, of which the first that has something to say decides.

#include <optional>
#include <span>
#include <string_view>

#include "core/decision/decision.h"

namespace refgate {

/// What a gate has gathered, and what is decided about.
struct Picture {
  const std::optional<Claim>& state;
  const Request& request;
  const Policy& policy;
  Instant now;
  const Surroundings& around;
};

/// Says nothing where it does not apply. Each looks at the picture alone; that those before it in
/// its list said nothing is the only other thing that it may count on.
struct Rule {
  std::string_view name;
  std::optional<Decision> (*decide)(const Picture& picture);
};

/// Whether the work may be launched, by who holds it or did it. The last rule always answers.
std::span<const Rule> claim_rules();

/// What holds back a launch that the claim would allow, and says when it will pass.
std::span<const Rule> brakes();

/// The first answer, or nothing when all are silent.
std::optional<Decision> first_answer(std::span<const Rule> rules, const Picture& picture);

}  // namespace refgate
