#pragma once
// The line of the record about a claim, or about what a request's claim is or would have been.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/claim/claim.h"
#include "core/record/audit.h"
#include "core/text/time.h"
#include "core/words/shorten.h"

namespace refgate {

/// What a line says of the pull requests that somebody is for: a head has few.
inline std::vector<Cover> covers_in_line(const std::vector<Cover>& covers) {
  constexpr std::size_t most = 20;
  std::vector<Cover> few;
  for (const Cover& pull : covers)
    if (few.size() < most)
      few.push_back({shortened(pull.number, bounds::word), shortened(pull.base, bounds::word)});
  return few;
}

/// What the page of a run goes by where that is not the run's id; empty where it is, and where
/// there is no page.
inline std::string page_of_run(std::string_view run_url, std::string_view run_id) {
  constexpr std::string_view before = "/actions/runs/";
  const std::size_t at = run_url.find(before);
  if (at == std::string_view::npos) return {};
  const std::string_view tail = run_url.substr(at + before.size());
  const std::string_view page = tail.substr(0, tail.find_first_of("/?"));
  return page == run_id ? std::string() : shortened(page, bounds::word);
}

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
  line.run_page = page_of_run(party.holder.run_url, party.holder.run_id);
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
