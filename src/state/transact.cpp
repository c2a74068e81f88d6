#include "state/transact.h"

#include <algorithm>
#include <span>

#include "call/invocation.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A push of this many refs takes a server about a second, and stays below what hosts limit.
constexpr std::size_t most_changes = 500;
constexpr std::size_t most_bytes = 16U << 20U;

/// Rivals back off further each time they lose, up to a second. The first loss costs nothing: it
/// may be no more than a guess that was wrong.
Duration backoff(int stale) {
  return stale <= 1 ? Duration(0) : std::min<Duration>(20ms * (1 << std::min(stale - 1, 6)), 1s);
}

}  // namespace

Within::Within(Store& store, Duration span) : store_(store), before_(store.deadline()) {
  store_.set_deadline(std::min(before_, Clock::now() + span));
}

void give_time(Store& store, Duration span) { store.set_deadline(Clock::now() + span); }

bool Rounds::push(const std::vector<Change>& changes, const std::vector<Change>& along,
                  std::vector<SwapOutcome>& outcomes, std::vector<SwapOutcome>& others) {
  std::vector<Change> all = changes;
  all.insert(all.end(), along.begin(), along.end());
  outcomes = store_.swap(all);
  const auto own = outcomes.begin() + static_cast<std::ptrdiff_t>(changes.size());
  others.assign(own, outcomes.end());
  outcomes.erase(own, outcomes.end());
  // What was refused because a decisive change was stale is not refused.
  if (std::none_of(outcomes.begin(), outcomes.end(),
                   [](const SwapOutcome& outcome) { return outcome.result == SwapResult::stale; }))
    return false;
  if (Clock::now() >= store_.deadline())
    throw StoreError(StoreFailure::unreachable,
                     store_.describe() + " changed so fast that " + std::string(not_done_),
                     "try again, or give more time with --deadline");
  if (const Duration longest = backoff(++stale_); longest > Duration::zero())
    pause(store_, longest);
  return true;
}

std::vector<SwapOutcome> push_once(Store& store, const std::vector<Change>& changes) {
  return store.swap(changes);
}

SwapOutcome push_once(Store& store, const Change& change) {
  return store.swap(std::span(&change, 1)).front();
}

std::vector<SwapOutcome> push_in_batches(Store& store, const std::vector<Change>& changes) {
  std::vector<SwapOutcome> all;
  for (std::size_t at = 0; at < changes.size();) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (at + count < changes.size() && count < most_changes &&
           (count == 0 || bytes < most_bytes)) {
      if (const auto& replacement = changes[at + count].replacement)
        for (const auto& [path, text] : replacement->files)
          bytes += path.size() + text.size();
      ++count;
    }
    auto outcomes = store.swap(std::span(changes).subspan(at, count));
    std::move(outcomes.begin(), outcomes.end(), std::back_inserter(all));
    at += count;
  }
  return all;
}

namespace {

/// Gitea and Forgejo take a push of whoever may read, since a pull request can be made by one; what
/// they say to all others is their hook's.
bool may_only_read(const std::string& message) {
  return message.find("User permission denied for writing") != std::string::npos;
}

}  // namespace

StoreError refusal(const Store& store, const std::string& ref, const SwapOutcome& refused,
                   const std::string& left) {
  if (!refused.for_good)
    return StoreError(
        StoreFailure::unreachable,
        store.describe() + " did not change " + ref + ": " + refused.message + "; " + left,
        "try again later");
  if (may_only_read(refused.message))
    return StoreError(
        StoreFailure::read_only,
        store.describe() + " refused to change " + ref + ": " + refused.message + "; " + left,
        "give a token that may write; that of a run for a fork only reads whatever the workflow "
        "says: there, decide after a maintainer's label, never by `pull_request_target`");
  return StoreError(
      StoreFailure::denied,
      store.describe() + " refused to change " + ref + ": " + refused.message + "; " + left,
      "look for a push rule or a hook that forbids refs of this name, and try: refgate doctor");
}

}  // namespace refgate
