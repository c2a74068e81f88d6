#include "core/policy/ledger_folding.h"

#include <algorithm>

namespace refgate {
namespace {

constexpr std::size_t kept_whole = 50;
constexpr Duration open_for = std::chrono::hours(1);
constexpr Duration by_the_hour = std::chrono::hours(48);
constexpr Duration hour = std::chrono::hours(1);
constexpr Duration day = std::chrono::hours(24);
constexpr Duration longest_stretch = std::chrono::days(3660);

// As encode_ledger writes them: texts of known length and numbers of at most twenty digits.
constexpr std::size_t count_size = 88;
constexpr std::size_t room = longest_ledger - 8192;  // for all that is neither: budgets, a breaker
constexpr std::size_t room_for_counts = room * 2 / 3;

std::size_t size_of(const LaunchCount& count) {
  return count_size + std::to_string(count.launches).size() +
         std::to_string(count.cost.millionths).size() + std::to_string(count.tokens).size();
}

std::size_t size_of(const Launch& launch) {
  constexpr std::size_t number = 40;
  std::size_t size = 60 + launch.claim_id.size();
  for (const Spent* spent : {&launch.reserve, &launch.spent})
    size += (spent->cost ? number : 0) + (spent->tokens ? number : 0);
  constexpr std::size_t word = 24;
  return size + (launch.ended_at ? number : 0) + (launch.outcome != ClaimOutcome::none ? word : 0);
}

template <typename Item>
std::size_t size_of(const std::vector<Item>& items) {
  std::size_t size = 0;
  for (const Item& item : items)
    size += size_of(item);
  return size;
}

/// Counts of one stretch of time become one. `shortest` is what stretches are at least.
std::vector<LaunchCount> merged(std::vector<LaunchCount> counts, Duration shortest, Instant now) {
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& one, const auto& other) { return one.last < other.last; });
  const auto stretch_of = [&](Instant at) {
    return std::max(shortest, at + by_the_hour > now ? hour : day);
  };
  std::vector<LaunchCount> fewer;
  for (const LaunchCount& count : counts) {
    LaunchCount* last = fewer.empty() ? nullptr : &fewer.back();
    const Duration stretch = stretch_of(count.last);
    if (last != nullptr && stretch_of(last->last) == stretch &&
        last->last.time_since_epoch() / stretch == count.last.time_since_epoch() / stretch) {
      last->last = std::max(last->last, count.last);
      last->launches = added(last->launches, count.launches);
      last->cost = last->cost + count.cost;
      last->tokens = added(last->tokens, count.tokens);
    } else {
      fewer.push_back(count);
    }
  }
  return fewer;
}

template <typename Which>
void fold(Ledger& ledger, std::size_t among, Which is_folded) {
  std::vector<Launch> whole;
  for (std::size_t i = 0; i < ledger.launches.size(); ++i) {
    if (i < among && is_folded(ledger.launches[i]))
      ledger.counts.push_back(count_of(ledger.launches[i]));
    else
      whole.push_back(std::move(ledger.launches[i]));
  }
  ledger.launches = std::move(whole);
}

}  // namespace

LaunchCount count_of(const Launch& launch) {
  return {launch.at, 1, launch.spent.cost.value_or(launch.reserve.cost.value_or(Usd{})),
          launch.spent.tokens.value_or(launch.reserve.tokens.value_or(0))};
}

void fold_launches(Ledger& ledger, Instant now) {
  const std::size_t all = ledger.launches.size();
  fold(ledger, all - std::min(all, kept_whole),
       [&](const Launch& launch) { return launch.ended_at && launch.at + open_for <= now; });
  ledger.counts = merged(std::move(ledger.counts), hour, now);
  Duration stretch = day;
  while (size_of(ledger.counts) + size_of(ledger.launches) > room) {
    if (size_of(ledger.counts) > room_for_counts && stretch < longest_stretch) {
      ledger.counts = merged(std::move(ledger.counts), stretch *= 2, now);
    } else if (!ledger.launches.empty()) {
      // As many of the oldest as are too long, and some more, so that this is seldom done.
      std::size_t left = size_of(ledger.launches);
      std::size_t among = 0;
      const std::size_t wanted = (room - std::min(room, size_of(ledger.counts))) * 3 / 4;
      while (among < ledger.launches.size() && left > wanted)
        left -= size_of(ledger.launches[among++]);
      fold(ledger, std::max<std::size_t>(among, 1), [](const Launch&) { return true; });
      ledger.counts = merged(std::move(ledger.counts), stretch == day ? hour : stretch, now);
    } else {
      break;
    }
  }
}

}  // namespace refgate
