#pragma once
// The newest head of a branch that asked, in one line of events: the record of `--supersede` and
// `--settle`. Which
// of two events brings the newer head is told by what each says it came after, and not by the time
// at which its runner started. Pure.
//
// Facts from GitHub's "Webhook events and payloads": `before` of a push and of a synchronized pull
// request is the head that it replaces; run ids grow, but the run for a pull request's event of a
// push may have a higher one than that for the next push.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/claim/claim.h"
#include "core/event/event.h"
#include "core/event/scope.h"
#include "core/text/time.h"

namespace refgate {

/// The bounds of the record; what is older is forgotten.
inline constexpr std::size_t most_left_behind = 20;
inline constexpr std::size_t most_newest_claims = 8;

/// A head that replaced another.
struct Move {
  std::string before;  ///< empty: no event has said it
  std::string commit;
  std::map<std::string, std::uint64_t> seen;  ///< the kinds of events that told of it, each with
                                              ///< the highest run id; 0: not known

  bool operator==(const Move&) const = default;
};

struct NewestClaim {
  std::string ref;
  std::string claim_id;

  bool operator==(const NewestClaim&) const = default;
};

struct Newest {
  std::string branch;     ///< see Arrival::branch
  Move move;              ///< the newest's own
  std::string run_id;     ///< the run that brought it
  std::string run_url;    ///< its page, or empty
  Instant at{};           ///< when it became the newest
  Instant burst_since{};  ///< when the first head of those came that followed one another so
                          ///< closely that none of them started
  std::optional<Instant> started;   ///< once it was calm, and its session might begin
  std::vector<NewestClaim> claims;  ///< of that head, the latest last
  std::vector<NewestClaim> older;   ///< of heads before it, which may still live
  std::vector<NewestClaim> let_in;  ///< which start whoever comes after them, since their burst had
                                    ///< lasted for too long when they came
  std::vector<Move> left;           ///< the moves that were left behind, the latest first

  bool operator==(const Newest&) const = default;
};

/// How an arrival stands to the newest.
enum class Order { same, newer, older };

/// The first rule that applies: the newest's own commit is the same; a move that was left behind is
/// newer only when this kind of event told of it before in a run of a lower id, and of the newest
/// in none of a higher one, since then it was made again (of an arrival that does not say what it
/// replaced, any move to its head); what
/// replaces the newest is newer; what is known only as replaced is older; else the lower run id is
/// older.
Order order_of(const std::optional<Newest>& newest, const Arrival& arrival);

/// Who brings a head.
struct Bringer {
  const Holder& holder;
  NewestClaim claim;
  Duration settle{};  ///< for how long its branch is to be calm first
};

/// The record with the arrival, which is not older. `older` are the claims of heads before it that
/// may still live. Who comes when the burst has lasted for too long is let in by its very arrival:
/// where heads come faster than a gate looks and starts, no later swap would ever be its own.
Newest arrived(const std::optional<Newest>& newest, const Arrival& arrival, const Bringer& bringer,
               std::vector<NewestClaim> older, Instant now);

/// Whether the claim starts although a newer head may have come.
bool is_let_in(const Newest& newest, const NewestClaim& claim);

/// No burst is waited for longer than so many times the span that its branch is to be calm for.
inline constexpr int longest_burst = 10;

/// From when on the newest head may start, when its branch is to be calm for `settle`: its further
/// events, a takeover and a re-run wait no longer than the first.
Instant calm_at(const Newest& newest, Duration settle);

/// The record once the newest head may start.
Newest started_newest(Newest newest, Instant now);

/// True when nobody needs it any more: it was the newest for longer than sessions are remembered.
bool is_forgettable(const Newest& newest, Instant now);

/// The name of the record's file in the commit's tree.
inline constexpr std::string_view newest_file = "newest.json";

std::string encode_newest(const Newest& newest);
/// Never throws, on any text.
std::variant<Newest, ClaimError> decode_newest(std::string_view text);

/// "refs/<name_space>/newest/"
std::string newest_prefix(std::string_view name_space);
/// "refs/<name_space>/newest/<branch>/<share, job and dimensions>": beside those of a claim, the
/// head's repository and branch.
std::string newest_ref(const Scope& scope, const Arrival& arrival, std::string_view name_space);

}  // namespace refgate
