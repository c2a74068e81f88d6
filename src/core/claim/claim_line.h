#pragma once
// The line of the record about a claim, or about what a request's claim is or would have been.

#include <cstdint>
#include <string>

#include "core/claim/claim.h"
#include "core/record/audit.h"
#include "core/text/shorten.h"
#include "core/text/time.h"

namespace refgate {

/// `Party` is a claim or a request: both say who, for what, under which nonce.
template <typename Party>
AuditEntry line_of(const Party& party, const std::string& nonce, std::uint64_t generation,
                   EntryKind kind, Instant now) {
  AuditEntry line;
  line.session_key = shortened(party.session_key, bounds::name);
  line.timestamp = now;
  line.event_type = shortened(party.event, bounds::word);
  line.workflow = shortened(party.workflow, bounds::name);
  line.run_id = shortened(party.holder.run_id, bounds::word);
  line.run_attempt = party.holder.run_attempt;
  line.job = shortened(party.holder.job, bounds::word);
  line.actor = shortened(party.holder.actor, bounds::word);
  line.commit_sha = shortened(party.commit, bounds::word);
  line.executed = kind != EntryKind::skip && kind != EntryKind::given_back;
  line.kind = kind;
  line.claim_id = nonce;
  line.group = shortened(party.group, bounds::address);
  line.generation = generation;
  line.id = entry_id(nonce, generation, kind);
  return line;
}

inline AuditEntry line_of(const Claim& claim, EntryKind kind, Instant now) {
  return line_of(claim, claim.claim_id, claim.generation, kind, now);
}

}  // namespace refgate
