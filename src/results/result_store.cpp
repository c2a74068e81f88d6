#include "results/result_store.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "state/claiming.h"
#include "state/scratch_places.h"

namespace refgate {
namespace {

// A result may have a MiB: this many are read, and deleted, at once.
constexpr std::size_t batch = 50;

Snapshot result_snapshot(const Result& result) {
  return {{{std::string(result_file), encode_result(result.record)},
           {std::string(content_file), result.content}},
          "refgate: result " + result.record.id,
          *time_of_result(result.record.id)};
}

/// Lets the claim name the result; returns why it does not.
std::string link(Store& store, ClaimNote& note, const std::string& id) {
  struct Linked {
    std::optional<Claim> claim;  ///< that names the result; nullopt: it is not this job's any more
  };
  const auto look = [&] { return read_claim(store, note.ref); };
  const auto propose = [&](const SeenClaim& seen) {
    Proposal<Linked> proposal;
    if (!seen.claim || seen.claim->claim_id != note.claim.claim_id ||
        seen.claim->holder != note.claim.holder)
      return proposal;
    Claim next = *seen.claim;
    next.result = id;
    proposal.changes.push_back({note.ref, seen.version, claim_snapshot(next)});
    proposal.answer.claim = std::move(next);
    return proposal;
  };
  auto settled = transact<SeenClaim>(store, "the claim could not name the result", {look}, propose);
  if (!settled.answer.claim) return "the claim is not this job's any more";
  if (const SwapOutcome* refused = settled.refused()) return refused->message;
  note.claim = std::move(*settled.answer.claim);
  note.version = settled.outcomes.front().version;
  return {};
}

/// Never a failure: the result is safe by now.
std::string link_quietly(Store& store, ClaimNote& note, const std::string& id) {
  try {
    return link(store, note, id);
  } catch (const StoreError& error) {
    return error.what();
  }
}

/// A note that is behind costs `finish` one more look at the remote.
void note_quietly(const JobState& state, const ClaimNote& note) {
  try {
    const auto written = state.update(note.claim.claim_id, [&](ClaimNote& kept) {
      if (kept.is_over() && note.claim.state != ClaimState::ended) return false;
      kept.claim = note.claim;
      kept.version = note.version;
      return true;
    });
    if (written == JobState::Update::missing) state.save(note);
  } catch (const std::runtime_error&) {
  }
}

std::variant<StoredResult, UnreadableRef> decoded(const std::string& ref, Stored& stored,
                                                  const std::string& name_space) {
  const auto record = stored.files.find(std::string(result_file));
  const auto content = stored.files.find(std::string(content_file));
  if (record == stored.files.end() || content == stored.files.end())
    return UnreadableRef{ref, "it holds something that is no result"};
  auto read = decode_result(record->second);
  if (const auto* error = std::get_if<ResultError>(&read))
    return UnreadableRef{ref, error->message};
  StoredResult result{
      {std::get<ResultRecord>(std::move(read)), std::move(content->second)}, ref, stored.version};
  if (result_ref(result.record.id, name_space) != ref)
    return UnreadableRef{ref, "the stored result is broken: it is filed under another's id"};
  return result;
}

/// The refs of the period, by time. A name that is no id says nothing of its time, and belongs to
/// every period.
std::vector<std::string> refs_of(Store& store, const std::string& name_space, Instant since,
                                 Instant until) {
  const std::string prefix = results_prefix(name_space);
  std::vector<std::string> refs;
  for (const auto& [ref, version] : store.list(prefix)) {
    if (is_scratch_place(ref, name_space)) continue;
    const auto at = time_of_result(std::string_view(ref).substr(prefix.size()));
    if (!at || (since <= *at && *at <= until)) refs.push_back(ref);
  }
  return refs;
}

Results read_refs(Store& store, const std::string& name_space, std::span<const std::string> refs,
                  bool contents) {
  Results results;
  for (std::size_t at = 0; at < refs.size(); at += batch) {
    for (auto& [ref, stored] :
         store.read_listed(refs.subspan(at, std::min(batch, refs.size() - at)))) {
      auto read = decoded(ref, stored, name_space);
      if (auto* unreadable = std::get_if<UnreadableRef>(&read)) {
        results.unreadable.push_back(std::move(*unreadable));
        continue;
      }
      results.results.push_back(std::get<StoredResult>(std::move(read)));
      if (!contents) results.results.back().content = {};
    }
  }
  return results;
}

}  // namespace

KeptResult keep_result(Store& store, const std::string& name_space, const Result& result,
                       const JobState& state, std::optional<ClaimNote> session) {
  // A job may have claims at several remotes.
  if (session && session->remote != store.describe()) session.reset();
  const std::string& id = result.record.id;
  const std::string ref = result_ref(id, name_space);
  std::vector<Change> changes{{ref, std::nullopt, result_snapshot(result)}};
  Claim named;
  // A claim that was made by a swap which nobody answered, or that has ended, is looked at first.
  const bool known =
      session && session->version && session->phase != Phase::asked && !session->is_over();
  if (known) {
    named = session->claim;
    named.result = id;
    changes.push_back({session->ref, session->version, claim_snapshot(named)});
  }
  const auto outcomes = push_once(store, changes);
  if (outcomes[0].result != SwapResult::swapped) {
    const bool dangling = known && outcomes[1].result == SwapResult::swapped;
    const std::string former = session ? session->claim.result : "";
    if (dangling && link_quietly(store, *session, former).empty()) note_quietly(state, *session);
    if (outcomes[0].result == SwapResult::stale)
      throw StoreError(StoreFailure::denied,
                       ref + " stands at " + store.describe() +
                           " already, made by somebody else; it was left as it is, and the result "
                           "was not kept",
                       "deliver it again, which gives it another name");
    throw StoreError(
        StoreFailure::denied,
        store.describe() + " refused to make " + ref + ": " + outcomes[0].message +
            "; the result was not kept",
        "look for a push rule or a hook that forbids refs of this name, or files of this size");
  }
  KeptResult kept{*outcomes[0].version, {}};
  if (!session) return kept;
  if (known && outcomes[1].result == SwapResult::swapped) {
    session->claim = std::move(named);
    session->version = outcomes[1].version;
  } else {
    kept.unlinked = link_quietly(store, *session, id);
  }
  if (kept.unlinked.empty() && session->claim.state == ClaimState::ended) session->version.reset();
  if (kept.unlinked.empty()) note_quietly(state, *session);
  return kept;
}

Results read_results(Store& store, const std::string& name_space, Instant since, Instant until,
                     bool contents) {
  return read_refs(store, name_space, refs_of(store, name_space, since, until), contents);
}

std::optional<StoredResult> read_result(Store& store, const std::string& name_space,
                                        const std::string& id) {
  const std::string ref = result_ref(id, name_space);
  Results read = read_refs(store, name_space, std::span(&ref, 1), true);
  if (!read.unreadable.empty())
    throw StoreError(StoreFailure::unreadable,
                     ref + ": " + read.unreadable.front().why + "; it was left alone");
  if (read.results.empty()) return std::nullopt;
  return std::move(read.results.front());
}

PrunedResults prune_results(Store& store, const std::string& name_space, Instant before,
                            std::size_t most, bool dry_run) {
  PrunedResults pruned;
  std::vector<std::string> refs = refs_of(store, name_space, Instant::min(), before - Duration(1));
  if (refs.size() > most) refs.resize(most);
  for (std::size_t at = 0; at < refs.size(); at += batch) {
    Results read = read_refs(store, name_space,
                             std::span(refs).subspan(at, std::min(batch, refs.size() - at)), false);
    std::move(read.unreadable.begin(), read.unreadable.end(),
              std::back_inserter(pruned.unreadable));
    std::vector<Change> deletions;
    for (const StoredResult& result : read.results)
      deletions.push_back({result.ref, result.version, std::nullopt});
    if (dry_run) pruned.gone += deletions.size();
    if (dry_run || deletions.empty()) continue;
    const auto outcomes = push_once(store, deletions);
    for (std::size_t i = 0; i < deletions.size(); ++i) {
      if (outcomes[i].result == SwapResult::refused)
        pruned.undone.push_back({deletions[i].ref, "could not be deleted: " + outcomes[i].message});
      pruned.gone += outcomes[i].result == SwapResult::swapped ? 1 : 0;
    }
  }
  return pruned;
}

}  // namespace refgate
