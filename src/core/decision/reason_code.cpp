#include "core/decision/reason_code.h"

#include <array>

#include "core/text/enum_name.h"

namespace refgate {
namespace {

constexpr std::array<EnumName<ReasonCode>, 24> codes{
    {{ReasonCode::forced, "forced"},
     {ReasonCode::own, "own"},
     {ReasonCode::first, "first"},
     {ReasonCode::takeover, "takeover"},
     {ReasonCode::retry_allowed, "retry_allowed"},
     {ReasonCode::same_run, "same_run"},
     {ReasonCode::active_session, "active_session"},
     {ReasonCode::pr_lock, "pr_lock"},
     {ReasonCode::already_done, "already_done"},
     {ReasonCode::retry_suppressed, "retry_suppressed"},
     {ReasonCode::claim_lost, "claim_lost"},
     {ReasonCode::limited, "limited"},
     {ReasonCode::superseded, "superseded"},
     {ReasonCode::max_attempts, "max_attempts"},
     {ReasonCode::cooldown, "cooldown"},
     {ReasonCode::breaker, "breaker"},
     {ReasonCode::budget, "budget"},
     {ReasonCode::paused, "paused"},
     {ReasonCode::queued, "queued"},
     {ReasonCode::wait_expired, "wait_expired"},
     {ReasonCode::unreachable, "unreachable"},
     {ReasonCode::denied, "denied"},
     {ReasonCode::unreadable, "unreadable"},
     {ReasonCode::read_only, "read_only"}}};

}  // namespace

std::string_view name_of(ReasonCode code) { return name_in(codes, code); }

bool is_promise(ReasonCode code) {
  return code == ReasonCode::active_session || code == ReasonCode::pr_lock ||
         code == ReasonCode::already_done;
}

bool is_promise(std::string_view code) {
  const auto known = find_in(codes, code);
  return known && is_promise(*known);
}

std::vector<std::string_view> reason_code_names() {
  std::vector<std::string_view> names;
  for (const EnumName<ReasonCode>& code : codes)
    names.push_back(code.name);
  return names;
}

}  // namespace refgate
