#include <algorithm>
#include <ostream>

#include "call/commands.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/record.h"

namespace refgate {

int command_release(const Invocation& call) {
  const Settings settings = settings_of(call);
  const std::string& target = call.arguments[0];
  const std::string why = call.option("reason");
  if (why.empty())
    throw UsageError(
        "--reason is missing: the record keeps why a session was freed by hand; nothing was "
        "released");
  const auto store = store_of(call, settings);
  const Claims claims = read_claims(*store, settings.name_space);

  std::vector<const StoredClaim*> matching;
  std::vector<const StoredClaim*> ended;
  std::size_t free = 0;
  for (const StoredClaim& stored : claims.claims) {
    const Claim& claim = stored.claim;
    if (claim.claim_id != target && claim.session_key != target && stored.ref != target &&
        claim.holder.run_id != target && claim.commit != target)
      continue;
    if (claim.outcome == ClaimOutcome::released || claim.outcome == ClaimOutcome::abandoned)
      ++free;
    else
      (claim.state == ClaimState::ended ? ended : matching).push_back(&stored);
  }
  // What lives comes first; what has ended suppresses its work, and can be freed of that.
  if (matching.empty()) matching = std::move(ended);
  if (matching.empty()) {
    for (const UnreadableRef& ref : claims.unreadable)
      if (ref.ref == target)
        throw StoreError(StoreFailure::unreadable, ref.ref + ": " + ref.why + "; it was left alone",
                         "delete it with git when nobody needs it");
    call.err << "refgate: " << (free == 0 ? "no claim is known by \"" : "it is free already: \"")
             << escape_for(Place::line, target)
             << "\"; nothing was released. See: refgate status --all\n";
    return exit_no;
  }
  if (matching.size() > 1) {
    call.err << "refgate: \"" << escape_for(Place::line, target) << "\" names " << matching.size()
             << " sessions; nothing was released. Name one by its claim id:\n";
    for (const StoredClaim* stored : matching)
      call.err << "  " << escape_for(Place::line, stored->claim.claim_id) << "  "
               << escape_for(Place::line, describe_holder(stored->claim, now())) << "\n";
    return exit_usage;
  }
  const StoredClaim& stored = *matching.front();
  std::string who = call.environment.get("GITHUB_ACTOR");
  if (who.empty()) who = call.environment.get("USER");
  const bool had_ended = stored.claim.state == ClaimState::ended;
  const Ended released = update_claim(
      *store,
      {stored.ref, stored.claim.claim_id, settings.name_space, {stored.claim, stored.version}},
      [&](const Claim& claim) { return release_claim(claim, who, why, now()); },
      Publish::what_stood);
  if (released.result != Ended::Result::ended) {
    call.err << "refgate: the session changed hands or ended meanwhile; nothing was released\n";
    return exit_no;
  }
  const Instant at = now();
  const std::string heard =
      format_duration(std::max(Duration::zero(), at - stored.claim.renewed_at));
  call.out << "Released: " << escape_for(Place::line, stored.claim.session_key)
           << (had_ended ? ", done by " : ", held by ")
           << escape_for(Place::line, describe_holder(stored.claim, at));
  if (had_ended)
    call.out << ", which ended with " << name_of(stored.claim.outcome)
             << ". The next caller does the work again, a re-run too.\n";
  else
    call.out << ". It was last heard of " << heard
             << " ago, and halts when it finds out, at its next heartbeat. The next caller takes "
                "over.\n";
  return exit_done;
}

}  // namespace refgate
