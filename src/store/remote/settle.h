#pragma once
// A swap over a transport, settled: each change has an outcome that is known.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/remote/retry.h"
#include "store/remote/transport.h"

namespace refgate {

/// What a look showed, and which names it asked for.
struct Look {
  std::vector<std::string> names;
  Advertisement shown;
  bool covers(std::string_view name) const;
};

/// What a store learns about its server from one swap to the next.
struct PushLimits {
  std::size_t most_refs = SIZE_MAX;  ///< of one push: less once a larger one was refused whole
};

class Settlement {
 public:
  Settlement(Transport& transport, SteadyTime deadline, PushLimits& limits)
      : transport_(transport), deadline_(deadline), limits_(limits) {}

  /// One outcome a change, in order. `seen` is what an earlier call has shown, if any. Throws
  /// StoreError.
  std::vector<SwapOutcome> settle(std::span<const PlannedChange> changes, const Look* seen);

  /// The last look of this settlement, when nothing was sent since.
  std::optional<Look> take_look() { return std::exchange(look_, std::nullopt); }

 private:
  struct Attempt {
    const PlannedChange* change = nullptr;
    std::optional<SwapOutcome> outcome;
    int refusals = 0;
    bool unanswered = false;        ///< sent, and nobody told what became of it
    std::string refusal;            ///< of the last try
    bool shown_to_writers = false;  ///< stale by what only those who write are shown
  };
  using Group = std::vector<Attempt*>;
  enum class Pushed { settled, refused_whole };

  /// What one push came to.
  struct Sent {
    std::optional<Failed> failed;
    bool all_refused = false;
  };

  void look_before_deleting(const Group& all);
  Pushed push(Group group);
  Sent send(const Group& open, bool together);
  void divide(Group group);
  /// True when the change that decides is made, and nothing else that decides is open.
  bool only_followers_are_open() const;
  bool is_refused_kind(const Attempt& attempt) const;
  void note_kind(const Attempt& attempt);
  Side look_at(const Group& open, Side side, const std::optional<Failed>& cause, int tries);
  void judge(const Group& open, Side side);
  void require_shown(const Group& judged);
  bool pause_for_refusal(const Group& open, Patience& patience, int tries) const;
  bool give_up(const Group& open, bool all);
  void hold_back();
  [[noreturn]] void fail(const Failed& failed, int tries, const char* not_done) const;

  Transport& transport_;
  SteadyTime deadline_;
  PushLimits& limits_;
  std::vector<Attempt> attempts_;
  Attempt* first_ = nullptr;  ///< the decisive one, else the first
  bool may_be_done_ = false;  ///< a push was sent whose fate nobody told
  std::optional<Look> look_;
  std::map<std::string, std::pair<int, bool>> kinds_;  ///< refusals that stand, and any success
};

}  // namespace refgate
