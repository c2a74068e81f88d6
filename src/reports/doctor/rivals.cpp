// Rivals for one ref. Each launch is won by such a swap, so a server that takes two of them makes
// everybody win, and nothing else shows it.
//
// One after the other is not enough: a server may look and then set, which only rivals at the same
// time can tell. And a store compares with what it was shown before it sends anything, so the proof
// needs a swap whose expected value was right when this connection last looked.

#include <algorithm>
#include <array>
#include <barrier>
#include <thread>

#include "call/invocation.h"
#include "core/text/count.h"
#include "reports/doctor/trial.h"
#include "state/transact.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t rivals = 4;
constexpr auto watched_for = 3s;

/// A swap that had to be taken was not: somebody else moves the scratch ref.
struct Disturbed {};

/// Of a reading side that is behind: about six seconds together.
constexpr int most_looks = 6;
constexpr auto first_pause = 100ms;

enum Half : std::size_t { creation, change, deletion };
constexpr std::array<const char*, 3> half_names{"creations", "changes", "deletions"};

/// Which halves do not hold, and when: one after the other, or at the same time.
struct Broken {
  std::array<bool, 3> in_sequence{};
  std::array<bool, 3> at_once{};

  bool any() const {
    const auto is = [](bool broken) { return broken; };
    return std::any_of(in_sequence.begin(), in_sequence.end(), is) ||
           std::any_of(at_once.begin(), at_once.end(), is);
  }
};

bool is_taken(Store& store, const Change& rival) {
  return push_once(store, rival).result == SwapResult::swapped;
}

Version move(Store& store, const std::string& ref, const std::optional<Version>& from) {
  const Change step{ref, from, scratch_snapshot()};
  const SwapOutcome outcome = push_once(store, step);
  if (outcome.result != SwapResult::swapped) throw Disturbed();
  return *outcome.version;
}

void remove(const Trial& trial, const std::string& ref, const std::optional<Version>& from) {
  if (from) is_taken(*trial.open(), {ref, from, std::nullopt});
}

/// Two, the second of which expects what is no longer there.
void one_after_the_other(const Trial& trial, const std::string& ref, Broken& broken) {
  const auto first = trial.open();
  const auto second = trial.open();
  const auto third = trial.open();
  const auto must_not_move = [&](Half half, bool taken, const Version& stands) {
    const auto seen = standing(trial, ref, stands);
    broken.in_sequence[half] = taken || seen != stands;
    return seen;
  };

  const Version made = move(*first, ref, std::nullopt);
  bool taken = is_taken(*second, {ref, std::nullopt, scratch_snapshot()});
  std::optional<Version> now_there = must_not_move(creation, taken, made);

  const Version shown = move(*first, ref, now_there);
  Version stands = move(*second, ref, shown);
  taken = is_taken(*first, {ref, shown, scratch_snapshot()});
  now_there = must_not_move(change, taken, stands);

  const Version known = move(*third, ref, now_there);
  stands = move(*second, ref, known);
  taken = is_taken(*third, {ref, known, std::nullopt});
  remove(trial, ref, must_not_move(deletion, taken, stands));
}

/// How many of these were taken, all sent at once.
std::size_t race(const Trial& trial, const std::vector<Change>& changes) {
  std::vector<char> taken(changes.size(), 0);
  std::barrier start(static_cast<std::ptrdiff_t>(changes.size()));
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < changes.size(); ++i)
      threads.emplace_back([&, i] {
        std::unique_ptr<Store> store;
        try {
          store = trial.open();
        } catch (const StoreError&) {
          // The others do not wait for it.
        }
        start.arrive_and_wait();
        try {
          taken[i] = store && is_taken(*store, changes[i]) ? 1 : 0;
        } catch (const StoreError&) {
          // No answer proves nothing.
        }
      });
  }
  return static_cast<std::size_t>(std::count(taken.begin(), taken.end(), 1));
}

std::vector<Change> changes_from(const std::string& ref, const std::optional<Version>& from) {
  std::vector<Change> changes;
  while (changes.size() < rivals)
    changes.push_back({ref, from, scratch_snapshot()});
  return changes;
}

void all_at_once(const Trial& trial, const std::string& ref, Broken& broken) {
  // The reading side may be behind, and shows for a while what stood there before.
  const auto there_after = [&](const std::optional<Version>& before) {
    std::optional<Version> seen;
    for (int look = 0; look < most_looks; ++look) {
      if (look > 0) std::this_thread::sleep_for(first_pause * (1 << look));
      const auto found = trial.open()->read(std::span(&ref, 1));
      seen = found.empty() ? std::nullopt : std::optional(found.begin()->second.version);
      if (seen != before) break;
    }
    return seen;
  };
  const auto judge = [&](Half half, const std::vector<Change>& changes) {
    if (race(trial, changes) > 1) broken.at_once[half] = true;
  };
  judge(creation, changes_from(ref, std::nullopt));
  const auto made = there_after(std::nullopt);
  if (!made) return;
  judge(change, changes_from(ref, made));
  const auto changed = there_after(made);
  if (!changed) return;
  auto changes = changes_from(ref, changed);
  changes.front().replacement.reset();
  judge(deletion, changes);
  remove(trial, ref, there_after(changed));
}

/// True when the ref moves although nobody here moves it: another doctor is at work.
bool moves_by_itself(const Trial& trial, const std::string& ref) {
  const auto value = [&] { return trial.open()->list(ref.substr(0, ref.rfind('/') + 1)); };
  const auto before = value();
  for (const auto until = Clock::now() + watched_for; Clock::now() < until;) {
    std::this_thread::sleep_for(100ms);
    if (value() != before) return true;
  }
  return false;
}

/// A server that does not compare rivals that come one after the other never does. Another doctor
/// that has just ended, or is slow, is met once.
bool holds_again(const Trial& trial, const std::string& ref, const Broken& found) {
  constexpr std::array<bool, 3> none{};
  if (found.in_sequence == none) return true;
  Broken again;
  try {
    one_after_the_other(trial, ref, again);
  } catch (const Disturbed&) {
    return false;
  }
  return again.in_sequence == found.in_sequence;
}

std::string list_of(const std::array<bool, 3>& halves) {
  std::string text;
  for (std::size_t half = 0; half < halves.size(); ++half)
    if (halves[half]) text += (text.empty() ? "" : " and ") + std::string(half_names[half]);
  return text;
}

std::string told(const Broken& broken) {
  std::string text = "the server does not compare: of rival ";
  const std::string sequence = list_of(broken.in_sequence);
  const std::string once = list_of(broken.at_once);
  if (!sequence.empty()) text += sequence + ", one after the other,";
  if (!sequence.empty() && !once.empty()) text += " and of rival ";
  if (!once.empty()) text += once + " at the same time";
  return text + (text.ends_with(",") ? "" : ",") + " more than one was taken";
}

Finding disturbed() {
  return {"compare and swap", "warning",
          "somebody else changed the scratch ref meanwhile, so that nothing was proven",
          "is another doctor at work on this remote? Run it again"};
}

}  // namespace

Finding try_rivals(const Trial& trial, const std::string& ref) {
  Broken broken;
  unsigned rounds = 0;
  try {
    one_after_the_other(trial, ref, broken);
    const auto half_way = Clock::now() + (trial.until - Clock::now()) / 2;
    for (; rounds < trial.rounds && Clock::now() < half_way; ++rounds)
      all_at_once(trial, ref, broken);
  } catch (const Disturbed&) {
    return disturbed();
  }
  if (broken.any()) {
    if (moves_by_itself(trial, ref) || !holds_again(trial, ref, broken)) return disturbed();
    return {"compare and swap", "failed", told(broken),
            "no session is safe there: several gates of one piece of work may be told to run. Keep "
            "the state on another server (--remote)"};
  }
  Finding finding{"compare and swap", "ok",
                  "of rival creations, changes and deletions exactly one was taken, one after the "
                  "other and " +
                      std::to_string(rivals) + " at the same time (" + counted(rounds, "round") +
                      ")",
                  ""};
  if (rounds > 0) return finding;
  if (trial.rounds == 0)
    return {
        "compare and swap", "warning",
        "of two rivals, one after the other, exactly one was taken; rivals at the same time were "
        "not tried (--rounds 0)",
        "leave out --rounds 0: a server that looks first and then sets is told by rivals at the "
        "same time only"};
  return {"compare and swap", "warning",
          "of two rivals, one after the other, exactly one was taken; there was no time for rivals "
          "at the same time",
          "give it more time: --deadline 2m"};
}

}  // namespace refgate
