#include "state/pause/pauses.h"
#include "core/text/shell_word.h"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include "call/invocation.h"
#include "state/transact.h"

namespace refgate {
namespace {

std::variant<Pauses, ClaimError> decoded(const Stored& stored) {
  const auto file = stored.files.find(std::string(pause_file));
  if (file == stored.files.end())
    return ClaimError{ClaimErrorKind::broken, "it holds something that is no list of pauses"};
  return decode_pauses(file->second);
}

}  // namespace

Pauses pauses_in(const std::map<std::string, Stored>& read, const std::string& ref) {
  const auto found = read.find(ref);
  if (found == read.end()) return {};
  auto pauses = decoded(found->second);
  if (const auto* error = std::get_if<ClaimError>(&pauses))
    throw StoreError(StoreFailure::unreadable, ref + ": " + error->message + "; it was left alone",
                     error->kind == ClaimErrorKind::newer_version
                         ? ""
                         : "if nothing is to be paused, delete it: git push <remote> --delete " +
                               shell_word(ref));
  return std::get<Pauses>(std::move(pauses));
}

std::optional<Pause> pause_in(const std::map<std::string, Stored>& read, const PausePlace& place) {
  const Pauses pauses = pauses_in(read, place.ref);
  const Pause* pause = pause_of(pauses, place.question, now());
  return pause == nullptr ? std::nullopt : std::optional(*pause);
}

std::optional<Pause> look_at_pauses(Store& store, const PausePlace& place) {
  return pause_in(store.read(std::span(&place.ref, 1)), place);
}

std::vector<Pause> StoredPauses::standing(Instant now) const {
  std::vector<Pause> standing = pauses.list;
  std::erase_if(standing, [&](const Pause& pause) { return is_over(pause, now); });
  return standing;
}

StoredPauses stored_pauses_in(const std::map<std::string, Stored>& read, const std::string& ref) {
  StoredPauses all;
  const auto found = read.find(ref);
  if (found == read.end()) return all;
  all.version = found->second.version;
  auto pauses = decoded(found->second);
  if (const auto* error = std::get_if<ClaimError>(&pauses))
    all.unreadable.push_back({ref, error->message});
  else
    all.pauses = std::get<Pauses>(std::move(pauses));
  return all;
}

StoredPauses read_pauses(Store& store, const std::string& name_space) {
  const std::string ref = pause_ref(name_space);
  return stored_pauses_in(store.read(std::span(&ref, 1)), ref);
}

bool change_pauses(Store& store, const std::string& name_space,
                   const std::function<std::optional<Pauses>(const Pauses&)>& change) {
  const std::string ref = pause_ref(name_space);
  const auto look = [&] { return store.read(std::span(&ref, 1)); };
  const auto propose = [&](const std::map<std::string, Stored>& read) {
    const auto found = read.find(ref);
    const bool there = found != read.end();
    const std::optional<Pauses> next = change(pauses_in(read, ref));
    Proposal<bool> proposal{next.has_value(), {}, {}};
    if (!next || (next->list.empty() && !there)) return proposal;
    std::optional<Snapshot> snapshot;
    if (!next->list.empty())
      snapshot =
          Snapshot{{{std::string(pause_file), encode_pauses(*next)}}, "refgate: pause", now()};
    proposal.changes.push_back({ref, there ? std::optional(found->second.version) : std::nullopt,
                                std::move(snapshot), true});
    return proposal;
  };
  const auto settled = transact<std::map<std::string, Stored>>(
      store, "the pauses could not be changed within the deadline; they stand as they were", {look},
      propose);
  if (const SwapOutcome* refused = settled.refused())
    throw refusal(store, ref, *refused, "nothing was changed");
  return settled.answer;
}

}  // namespace refgate
