// What is live now.

#include <nlohmann/json.hpp>
#include <ostream>

#include "app/claim_view.h"
#include "app/commands.h"
#include "app/table.h"
#include "core/decision.h"

namespace refgate {

using nlohmann::json;

int command_status(const Invocation& call) {
  const Settings settings = settings_of(call);
  const auto store = store_of(call, settings);
  const Claims claims = read_claims(*store, settings.name_space);
  const Instant at = now();
  json list = json::array();
  std::vector<std::vector<std::string>> rows{{"SESSION", "STATE", "RUN", "SINCE", "HOLDS UNTIL", "CLAIM"}};
  bool any_lost = false;
  for (const StoredClaim& stored : claims.claims) {
    const Claim& claim = stored.claim;
    const bool lost = is_lost(claim, at);
    any_lost = any_lost || lost;
    const bool ended = claim.state == ClaimState::ended;
    if (call.flag("lost") ? !lost : ended && !call.flag("all")) continue;
    list.push_back(json::parse(claim_json(stored, at)));
    rows.push_back({claim.session_key, state_text(claim, at), claim.holder.run_id.empty() ? "-" : claim.holder.run_id,
                    format_duration(at - claim.claimed_at) + " ago", ended ? "-" : format_rfc3339(claim.lease_until + claim.limits.skew),
                    claim.claim_id});
    if (!claim.holder.run_url.empty()) rows.back().push_back(claim.holder.run_url);
  }
  name_unreadable(call, claims.unreadable);
  if (call.flag("json")) call.out << list.dump(1, ' ', false, json::error_handler_t::replace) << "\n";
  else if (rows.size() == 1) call.out << (call.flag("lost") ? "No work is lost." : "No live sessions.") << "\n";
  else call.out << table_of(rows);
  return call.flag("lost") && any_lost ? exit_no : exit_done;
}

}  // namespace refgate
