#pragma once
// The loop of what changes state: read, decide, swap, and on *stale* again, with jitter, within the
// store's deadline. Nothing else outside of the stores calls Store::swap: who goes round by itself,
// since *stale* means something else to it, does so by push_once.
//
// A refusal is not tried again: the store has done that where it may pass, so that what it reports
// stands. A reply that was lost is the store's affair too; what cannot be settled there is a
// StoreError that says so.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/time.h"
#include "store/store.h"

namespace refgate {

/// While it lives, the store has at most `span` left; afterwards its deadline is as it was.
class Within {
 public:
  Within(Store& store, Duration span);
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;
  ~Within() { store_.set_deadline(before_); }

 private:
  Store& store_;
  std::chrono::steady_clock::time_point before_;
};

/// A step of something that waits has its own time, whatever the steps before it took.
void give_time(Store& store, Duration span);

/// Who wants to know of each push: the job's note hangs here, so that state/ knows no job.
template <class Answer>
struct Watch {
  std::function<void(const Answer&, const std::vector<Change>&)> before;
  std::function<void(const Answer&, const std::vector<SwapOutcome>&)> after;
  /// There is no answer. `sent` is false when nothing can have arrived at the remote.
  std::function<void(const StoreError&, bool sent)> failed;
};

template <class Answer>
struct Proposal {
  Answer answer;                ///< once all of `changes` are made
  std::vector<Change> changes;  ///< none: the answer stands without a push
  std::vector<Change> along;    ///< go along, whatever becomes of them
};

template <class Answer>
struct Settled {
  Answer answer;
  std::vector<SwapOutcome> outcomes;  ///< of the changes, in order; empty when nothing was pushed
  std::vector<SwapOutcome> along;

  bool pushed() const { return !outcomes.empty(); }
  /// The first change that the server would not make; nullptr: all are made.
  const SwapOutcome* refused() const {
    for (const SwapOutcome& outcome : outcomes)
      if (outcome.result == SwapResult::refused) return &outcome;
    return nullptr;
  }
};

/// The rounds of one transaction.
class Rounds {
 public:
  /// `not_done` completes "… changed so fast that" for when the deadline comes first: "no verdict
  /// came within the deadline; nothing was claimed".
  Rounds(Store& store, std::string_view not_done) : store_(store), not_done_(not_done) {}

  /// One push; true when it is to be read and decided again, after a pause. Throws StoreError.
  bool push(const std::vector<Change>& changes, const std::vector<Change>& along,
            std::vector<SwapOutcome>& outcomes, std::vector<SwapOutcome>& others);

 private:
  Store& store_;
  std::string_view not_done_;
  int stale_ = 0;
};

/// Where the state comes from.
template <class State>
struct Look {
  std::function<State()> read;
  /// Instead of the first reading, what is likely: nothing is there; what this job's last swap
  /// left. The server compares.
  std::optional<State> guess = std::nullopt;
};

/// Decides by what was looked at until the proposal is made or refused.
template <class State, class Decide>
auto transact(Store& store, std::string_view not_done, Look<State> look, const Decide& decide,
              const Watch<decltype(decide(std::declval<const State&>()).answer)>& watch = {})
    -> Settled<decltype(decide(std::declval<const State&>()).answer)> {
  Rounds rounds(store, not_done);
  for (;;) {
    const State state = look.guess ? std::move(*look.guess) : look.read();
    look.guess.reset();
    auto proposal = decide(state);
    Settled<decltype(proposal.answer)> settled{std::move(proposal.answer), {}, {}};
    if (proposal.changes.empty()) return settled;
    if (watch.before) watch.before(settled.answer, proposal.changes);
    const auto pushes = store.traffic().pushes;
    bool again = false;
    try {
      again = rounds.push(proposal.changes, proposal.along, settled.outcomes, settled.along);
    } catch (const StoreError& error) {
      if (watch.failed)
        watch.failed(error, error.may_be_done() || (store.traffic().pushes != pushes &&
                                                    error.failure() != StoreFailure::denied &&
                                                    error.failure() != StoreFailure::read_only));
      throw;
    }
    if (watch.after) watch.after(settled.answer, settled.outcomes);
    if (!again) return settled;
  }
}

/// One push of what needs no second round: each outcome says what became of it. Throws StoreError.
std::vector<SwapOutcome> push_once(Store& store, const std::vector<Change>& changes);
SwapOutcome push_once(Store& store, const Change& change);

/// Any number of changes in few pushes, each of a bounded number of changes and bytes; the outcomes
/// in order. Throws StoreError.
std::vector<SwapOutcome> push_in_batches(Store& store, const std::vector<Change>& changes);

/// The error for a change that the server would not make: `denied` where a rule or a hook spoke,
/// and `unreachable`, worth another try, where what stood in the way passes. `left` says what that
/// leaves: "nothing was changed".
StoreError refusal(const Store& store, const std::string& ref, const SwapOutcome& refused,
                   const std::string& left);

}  // namespace refgate
