// A claim's life in scratch refs. Each answer that the product relies on is asked for once: made,
// shown to readers, changed, deleted, several in one push. What is refused is told with what will
// not work then.

#include "reports/doctor/trial.h"

#include <algorithm>
#include <map>
#include <thread>

#include "call/invocation.h"
#include "core/event/scope.h"
#include "core/governing/pause.h"
#include "state/record.h"
#include "state/scratch_places.h"
#include "state/transact.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// The side that is read may be behind by seconds: so many looks, after pauses that double.
constexpr int looks = 7;
constexpr auto first_pause = 100ms;
constexpr auto longest_pause = 2s;

void pause_before_next(int look) {
  std::this_thread::sleep_for(
      std::min<std::chrono::milliseconds>(first_pause * (1 << (look - 1)), longest_pause));
}

/// More than a claim, its place in line and the lines of a session; more than a host takes that
/// bounds the refs of a push (GitHub's bound, where it is turned on, begins at 5).
constexpr std::size_t many_refs = 8;

/// One of the two places that the product writes, and what each refusal there takes away.
struct Place {
  const char* check;
  std::string below;
  std::string ref;
  const char* without_creation;
  const char* without_sight;
  const char* without_change;
  const char* without_deletion;
};

Place claims_place(const std::string& name_space) {
  return {
      "namespace",
      "refs/" + name_space + "/",
      scratch_refs(name_space).front(),
      "no session can be claimed. Look for a push rule or a hook, or choose another --namespace",
      "nobody sees who holds what, so that each duplicate's gate fails. The server keeps refs "
      "below this prefix from readers: choose another --namespace",
      "no session can be renewed or ended: each stays live until its lease has passed, and "
      "duplicates are skipped meanwhile. A push rule or a hook refuses forced pushes there",
      "sessions work, but gc cannot forget expired claims, queues and results, so that they pile "
      "up. A push rule or a hook refuses deletions there"};
}

Place notes_place(const std::string& name_space) {
  return {
      "notes",
      notes_prefix(name_space),
      scratch_refs(name_space).back(),
      "no line of the record can be written: log, stats and verify know only what stands in the "
      "claims. Let a push rule or a hook allow refs below this prefix",
      "log, stats and verify do not see the record. The server keeps refs below this prefix "
      "from readers (uploadpack.hideRefs, transfer.hideRefs): let it show them. Where all of "
      "refs/notes/ is hidden, no other --namespace helps",
      "gc cannot fold the record, so that it stays one ref a line",
      "gc cannot fold the record, so that it stays one ref a line. A push rule or a hook refuses "
      "deletions there"};
}

SwapOutcome swap_one(Store& store, const Change& change) { return push_once(store, change); }

std::string words_of(const SwapOutcome& outcome) {
  if (outcome.result == SwapResult::stale) return "somebody else changed it meanwhile";
  return outcome.message.empty() ? "without a reason" : outcome.message;
}

/// What became of one place's life.
struct Life {
  Finding finding;
  bool whole = false;
};

class OnePlace {
 public:
  OnePlace(const Trial& trial, const Place& place)
      : trial_(trial), place_(place), store_(trial.open()) {}

  Life live() {
    if (!make()) return {finding(), false};
    if (!is_shown()) {
      // What is not shown is not deleted either: the store looks before it deletes.
      complain("could not be seen by readers", "", place_.without_sight);
      swap_one(*store_, {place_.ref, value_, std::nullopt});
      return {finding(), false};
    }
    change();
    take_away();
    return {finding(), wrong_.empty()};
  }

 private:
  /// Also what an earlier doctor left: it is deleted first, and where that is refused, changed.
  bool make() {
    const Change creation{place_.ref, std::nullopt, scratch_snapshot()};
    SwapOutcome made = swap_one(*store_, creation);
    if (made.result == SwapResult::stale && made.version) {
      left_over_ = true;
      value_ = made.version;
      if (swap_one(*store_, {place_.ref, value_, std::nullopt}).result != SwapResult::swapped)
        return true;
      made = swap_one(*store_, creation);
    }
    if (made.result != SwapResult::swapped) {
      complain("could not be made", words_of(made), place_.without_creation);
      return false;
    }
    value_ = made.version;
    return true;
  }

  bool is_shown() const { return standing(trial_, place_.ref, value_) == value_; }

  void change() {
    const SwapOutcome changed = swap_one(*store_, {place_.ref, value_, scratch_snapshot()});
    if (changed.result == SwapResult::swapped)
      value_ = changed.version;
    else
      complain("could not be changed", words_of(changed), place_.without_change);
  }

  void take_away() {
    const SwapOutcome gone = swap_one(*store_, {place_.ref, value_, std::nullopt});
    if (gone.result != SwapResult::swapped)
      complain("could not be deleted", words_of(gone), place_.without_deletion);
  }

  void complain(const std::string& what, const std::string& words, const char* hint) {
    wrong_ += (wrong_.empty() ? "" : "; it ") + what + (words.empty() ? "" : ": " + words);
    hint_ += (hint_.empty() ? "" : "; ") + std::string(hint);
  }

  Finding finding() const {
    const std::string left = left_over_ ? " (an earlier doctor had left it there)" : "";
    if (!wrong_.empty())
      return {place_.check, "failed", "a ref below " + place_.below + left + " " + wrong_, hint_};
    return {place_.check, "ok",
            "a ref below " + place_.below + " was made, seen, changed and deleted" + left, ""};
  }

  const Trial& trial_;
  const Place& place_;
  std::unique_ptr<Store> store_;
  std::optional<Version> value_;
  bool left_over_ = false;
  std::string wrong_;
  std::string hint_;
};

/// One ref in each place of the namespace, all at once in each step: a rule may forbid some of
/// them.
class EachPlace {
 public:
  explicit EachPlace(const Trial& trial)
      : trial_(trial), store_(trial.open()), pauses_(pause_ref(trial.name_space)) {}

  Finding live() {
    std::vector<Change> creations;
    for (const std::string& ref : scratch_places(trial_.name_space))
      creations.push_back({ref, std::nullopt, scratch_snapshot()});
    creations.push_back({scratch_note(now(), trial_.name_space), std::nullopt, scratch_snapshot()});
    creations.push_back({pauses_, std::nullopt, no_pauses()});
    push(creations, "could not be made");
    see();
    push(changes(true), "could not be changed");
    push(changes(false), "could not be deleted");
    if (wrong_.empty())
      return {"places", "ok",
              "a ref in each place that records lie in was made, seen, changed and deleted", ""};
    return {
        "places", "failed", wrong_,
        "whatever needs a record there fails: every session (claims/: none can be claimed, renewed "
        "or ended), gates with --group-by (queues/), --slots "
        "(slots/), --budget or --breaker (budgets/), --settle or --supersede (newest/), refgate "
        "pause (pause), and results that are kept (results/). Names are long, and have the "
        "characters % + = , @ in them. Let a push rule or a hook allow all refs below these "
        "prefixes"};
  }

 private:
  std::vector<Change> changes(bool replaced) const {
    std::vector<Change> all;
    for (const auto& [ref, version] : standing_)
      all.push_back({ref, version,
                     !replaced        ? std::nullopt
                     : ref == pauses_ ? std::optional(no_pauses())
                                      : std::optional(scratch_snapshot())});
    return all;
  }

  /// A list that pauses nobody, and is another each time. Where pauses stand, they are left alone.
  static Snapshot no_pauses() {
    Snapshot snapshot = scratch_snapshot();
    snapshot.files[std::string(pause_file)] = encode_pauses({});
    return snapshot;
  }

  /// What is stale stands there, by an earlier doctor or by one that is at work, and is nothing
  /// against the server.
  void push(const std::vector<Change>& changes, const char* what) {
    if (changes.empty()) return;
    const auto outcomes = push_once(*store_, changes);
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const std::string& ref = changes[i].ref;
      if (outcomes[i].result == SwapResult::refused)
        complain(ref, std::string(what) + ": " + words_of(outcomes[i]));
      else if (outcomes[i].version && !(ref == pauses_ && outcomes[i].result == SwapResult::stale))
        standing_[ref] = *outcomes[i].version;
      else
        standing_.erase(ref);
    }
  }

  void see() {
    std::vector<std::string> refs;
    for (const auto& [ref, version] : standing_)
      refs.push_back(ref);
    if (refs.empty()) return;
    for (int look = 1;; ++look) {
      const auto found = trial_.open()->read(refs);
      if (found.size() == refs.size()) return;
      if (look < looks) {
        pause_before_next(look);
        continue;
      }
      for (const std::string& ref : refs)
        if (!found.contains(ref)) complain(ref, "could not be seen by readers");
      return;
    }
  }

  void complain(const std::string& ref, const std::string& what) {
    wrong_ += (wrong_.empty() ? "" : "; ") + ref + " " + what;
  }

  const Trial& trial_;
  std::unique_ptr<Store> store_;
  const std::string pauses_;
  std::map<std::string, Version> standing_;
  std::string wrong_;
};

std::vector<std::string> many_scratch_refs(const std::string& name_space, std::size_t count) {
  std::vector<std::string> refs = scratch_refs(name_space);
  const std::string more = refs.back() + "-";
  for (std::size_t number = refs.size(); number < count; ++number)
    refs.push_back(more + std::to_string(number));
  return refs;
}

/// Deletes what stands at scratch refs below these, in one push and then one by one.
void clean_up(const Trial& trial, const std::vector<std::string>& prefixes) {
  const auto store = trial.open();
  std::vector<Change> deletions;
  for (const std::string& below : prefixes)
    for (const auto& [ref, version] : store->list(below))
      if (is_scratch(ref, trial.name_space)) deletions.push_back({ref, version, std::nullopt});
  if (deletions.empty()) return;
  const auto outcomes = push_once(*store, deletions);
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (outcomes[i].result == SwapResult::refused) push_once(*store, deletions[i]);
}

void clean_up(const Trial& trial) { clean_up(trial, scratch_prefixes(trial.name_space)); }

/// True when a push of two that asks to be taken whole was taken in part: one of them expects what
/// is not so.
bool takes_a_part(const Trial& trial) {
  const std::vector<std::string> refs = many_scratch_refs(trial.name_space, 3);
  const auto creation = [](const std::string& ref) {
    return Change{ref, std::nullopt, scratch_snapshot(), true};
  };
  push_once(*trial.open(), creation(refs.front()));
  push_once(*trial.open(), {creation(refs.front()), creation(refs.back())});
  const bool part = standing(trial, refs.back(), std::nullopt).has_value();
  clean_up(trial);
  return part;
}

/// True when that many refs were made by one push.
bool takes(const Trial& trial, std::size_t count, std::string& words) {
  const auto store = trial.open();
  std::vector<Change> changes;
  for (const std::string& ref : many_scratch_refs(trial.name_space, count))
    changes.push_back({ref, std::nullopt, scratch_snapshot()});
  const std::uint64_t before = store->traffic().pushes;
  const auto outcomes = push_once(*store, changes);
  const bool all = std::all_of(outcomes.begin(), outcomes.end(), [&](const SwapOutcome& outcome) {
    if (outcome.result == SwapResult::refused) words = words_of(outcome);
    return outcome.result == SwapResult::swapped;
  });
  const std::uint64_t pushes = store->traffic().pushes - before;
  clean_up(trial);
  return all && pushes <= 1;
}

Finding try_many_refs(const Trial& trial) {
  std::string words;
  clean_up(trial);
  if (takes(trial, many_refs, words)) {
    const std::string taken = "one push of " + std::to_string(many_refs) + " refs was taken";
    if (!takes_a_part(trial)) return {"refs per push", "ok", taken, ""};
    return {"refs per push", "warning",
            taken + ", but of a push that was to be taken whole or not at all a part was taken",
            "the server says that it can (atomic) and does not: a place in line and the claim that "
            "stands there may change one without the other, which the next look puts right"};
  }
  std::size_t most = 1;
  std::size_t too_many = many_refs;
  while (too_many - most > 1) {
    const std::size_t middle = most + 1 == 2 ? 2 : (most + too_many) / 2;
    (takes(trial, middle, words) ? most : too_many) = middle;
  }
  return {
      "refs per push", "failed",
      "a push of more than " + std::to_string(most) +
          (most == 1 ? " ref is not taken" : " refs is not taken") +
          (words.empty() ? "" : ": " + words),
      "sessions work, but cost more pushes, and lines of the record may be late or left to gc. A "
      "push rule or a hook bounds the refs of a push"};
}

Finding failure(const std::string& check, const StoreError& error) {
  return {check, "failed", error.what(), error.hint()};
}

Finding not_made(const std::string& check, const std::string& why) {
  return {check, "not made", why, ""};
}

}  // namespace

Snapshot scratch_snapshot() {
  return {{{"doctor", "made and deleted by refgate doctor " + fresh_nonce() + "\n"}},
          "refgate: doctor",
          now()};
}

std::optional<Version> standing(const Trial& trial, const std::string& ref,
                                const std::optional<Version>& expected) {
  for (int look = 1;; ++look) {
    const auto found = trial.open()->read(std::span(&ref, 1));
    const auto seen = found.empty() ? std::nullopt : std::optional(found.begin()->second.version);
    if (seen == expected || look == looks) return seen;
    pause_before_next(look);
  }
}

std::vector<Finding> try_life_of_a_claim(const Trial& trial) {
  std::vector<Finding> findings;
  bool whole = true;
  const auto attempt = [&](const char* check, const auto& action) {
    try {
      action();
    } catch (const StoreError& error) {
      findings.push_back(failure(check, error));
      whole = false;
    }
  };
  for (const Place& place : {claims_place(trial.name_space), notes_place(trial.name_space)})
    attempt(place.check, [&] {
      Life life = OnePlace(trial, place).live();
      findings.push_back(std::move(life.finding));
      whole = whole && life.whole;
    });
  constexpr const char* several = "refs per push";
  constexpr const char* compare = "compare and swap";
  if (whole) {
    attempt("places", [&] { findings.push_back(EachPlace(trial).live()); });
    attempt(several, [&] { findings.push_back(try_many_refs(trial)); });
    attempt(compare,
            [&] { findings.push_back(try_rivals(trial, scratch_refs(trial.name_space).front())); });
  } else {
    for (const char* check : {"places", several, compare})
      findings.push_back(not_made(check, "a single ref has no whole life there"));
  }
  try {
    auto prefixes = scratch_prefixes(trial.name_space);
    prefixes.back() = notes_prefix(trial.name_space);
    clean_up(trial, prefixes);
  } catch (const StoreError&) {
    // The next doctor finds what is left.
  }
  return findings;
}

}  // namespace refgate
