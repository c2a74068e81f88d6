// leave: what of refgate is at a remote, and, when that is confirmed, its end. The store changes
// nothing outside of the namespace, whatever stands there.

#include <map>
#include <ostream>
#include <string_view>
#include <vector>

#include "call/commands.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/text/count.h"
#include "core/text/shell_word.h"
#include "core/words/age.h"
#include "runner/runner.h"
#include "state/record.h"
#include "state/transact.h"

namespace refgate {
namespace {

using Refs = std::map<std::string, Version>;

Refs refs_of(Store& store, const std::string& name_space) {
  Refs refs = store.list("refs/" + name_space + "/");
  refs.merge(store.list("refs/notes/" + name_space + "/"));
  return refs;
}

/// What stands behind the namespace says what it is: "claims", "queues", …; the record's days are
/// notes.
std::string kind_of(std::string_view ref, std::string_view name_space) {
  if (ref.starts_with("refs/notes/")) return "notes";
  ref.remove_prefix(std::string_view("refs/").size() + name_space.size() + 1);
  return std::string(ref.substr(0, ref.find('/')));
}

/// "claims 2, notes 14"
std::string by_kind(const Refs& refs, const std::string& name_space) {
  std::map<std::string, std::size_t> counts;
  for (const auto& [ref, version] : refs)
    ++counts[kind_of(ref, name_space)];
  std::string text;
  for (const auto& [kind, count] : counts)
    text += (text.empty() ? "" : ", ") + kind + " " + std::to_string(count);
  return text;
}

std::vector<const Claim*> live_of(const Claims& claims, Instant at) {
  std::vector<const Claim*> live;
  for (const StoredClaim& stored : claims.claims)
    if (stored.claim.state != ClaimState::ended && !is_lost(stored.claim, at))
      live.push_back(&stored.claim);
  return live;
}

/// Without its claim a session that runs is launched again by the next event.
void tell_live(const Invocation& call, const std::vector<const Claim*>& live, Instant at) {
  for (const Claim* claim : live)
    call.err << "refgate: " << escape_for(Place::line, claim->session_key)
             << " is live: " << escape_for(Place::line, describe_holder(*claim, at)) << "\n";
}

/// The options by which a line that is pasted asks the same place as this call.
std::string at_this_place(const Invocation& call) {
  std::string words;
  for (const char* option : {"remote", "namespace", "config"})
    if (call.flag(option))
      words += std::string(" --") + option + " " + shell_word(call.option(option));
  return escape_for(Place::line, words);
}

/// How many are gone; those that are not are named.
std::size_t remove(const Invocation& call, Store& store, const Refs& refs) {
  std::vector<Change> changes;
  for (const auto& [ref, version] : refs)
    changes.push_back({ref, version, std::nullopt});
  const std::vector<SwapOutcome> outcomes = push_in_batches(store, changes);
  std::size_t gone = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const SwapOutcome& outcome = outcomes[i];
    if (outcome.result == SwapResult::swapped) {
      ++gone;
      continue;
    }
    call.err << "refgate: " << escape_for(Place::line, changes[i].ref) << " was not deleted: "
             << (outcome.result == SwapResult::stale
                     ? "it has changed meanwhile, so that somebody uses it"
                     : escape_for(Place::line, outcome.message))
             << "\n";
  }
  return gone;
}

}  // namespace

int command_leave(const Invocation& call) {
  const Settings settings = settings_of(call);
  const bool deletes = call.flag("yes") && !is_dry_run(call);
  const auto store = store_of(call, settings);
  store->foresee(
      {{claims_prefix(settings.name_space)},
       {"refs/" + settings.name_space + "/", "refs/notes/" + settings.name_space + "/"}});
  const Refs refs = refs_of(*store, settings.name_space);
  const std::string where = escape_for(Place::line, store->describe());
  if (refs.empty()) {
    call.out << "Nothing of refgate is at " << where << ", namespace " << settings.name_space
             << ".\n";
    return exit_done;
  }
  const Instant at = now();
  const Claims claims = read_claims(*store, settings.name_space);
  const auto live = live_of(claims, at);
  // They may be those of a newer version, and live.
  for (const UnreadableRef& ref : claims.unreadable)
    call.err << "refgate: " << escape_for(Place::line, ref.ref) << ": "
             << escape_for(Place::line, ref.why) << "; whether that is live is not known, and "
             << (deletes ? "it is among what is to go" : "--yes deletes it too") << "\n";
  if (!deletes) {
    for (const auto& [ref, version] : refs)
      call.out << escape_for(Place::line, ref) << "\n";
    call.out << counted(refs.size(), "ref") << " at " << where << " ("
             << escape_for(Place::line, by_kind(refs, settings.name_space)) << "), and "
             << counted(live.size(), "live session")
             << ". Nothing was deleted. Take the steps out of the workflows first; then: refgate "
                "leave --yes"
             << at_this_place(call) << "\n";
    tell_live(call, live, at);
    return exit_done;
  }
  if (!live.empty()) {
    tell_live(call, live, at);
    call.err << "refgate: what is live would be launched once more; nothing was deleted. Wait for "
                "it, or end it: refgate pause --halt --reason 'we leave'"
             << at_this_place(call) << "\n";
    return exit_no;
  }
  const std::size_t gone = remove(call, *store, refs);
  call.out << "Deleted " << counted(gone, "ref") << " of " << refs.size() << " at " << where
           << ".\n";
  return gone == refs.size() ? exit_done : exit_store;
}

}  // namespace refgate
