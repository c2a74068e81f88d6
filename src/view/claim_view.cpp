#include "view/claim_view.h"

#include <ostream>

#include "core/claim/outbox.h"
#include "core/decision/decision.h"
#include "core/text/json.h"
#include "runner/runner.h"
#include "state/claiming.h"

namespace refgate {

using nlohmann::json;

void name_unreadable(const Invocation& call, const std::vector<UnreadableRef>& unreadable) {
  for (const UnreadableRef& ref : unreadable)
    call.err << "refgate: " << escape_for(Place::line, ref.ref) << ": "
             << escape_for(Place::line, ref.why) << "; it was left alone\n";
}

std::uint64_t name_left_out(const Invocation& call, const Claims& claims, Instant since) {
  std::uint64_t all = 0;
  for (const StoredClaim& stored : claims.claims) {
    const std::uint64_t lines = lines_left_out(stored.claim, since);
    if (lines == 0) continue;
    all += lines;
    call.err << "refgate: " << escape_for(Place::line, stored.ref) << ": "
             << describe_left_out(lines) << "\n";
  }
  return all;
}

std::string state_text(const Claim& claim, Instant at) {
  if (claim.state == ClaimState::ended) return std::string(name_of(claim.outcome));
  return is_lost(claim, at) ? "lost" : std::string(name_of(claim.state));
}

std::string claim_json(const StoredClaim& stored, Instant at) {
  const Claim& claim = stored.claim;
  json value = json::parse(encode_claim(claim));
  value["ref"] = stored.ref;
  value["object"] = stored.version.id;
  value["status"] = state_text(claim, at);
  value["live"] = claim.state != ClaimState::ended && !is_lost(claim, at);
  return shown_json(value, -1);
}

}  // namespace refgate
