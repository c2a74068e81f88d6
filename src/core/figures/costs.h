#pragma once
// What sessions cost, by what their jobs said. Pure.

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/record/audit.h"
#include "core/record/spent.h"

namespace refgate {

/// Of sessions that are over: what they said, and how many of them said nothing. Sums stop at the
/// most that can be told.
struct CostCounts {
  Usd cost;
  std::uint64_t tokens = 0;
  std::uint64_t with_cost = 0;  ///< sessions that said it
  std::uint64_t without_cost = 0;
  std::uint64_t with_tokens = 0;
  std::uint64_t without_tokens = 0;

  void add(const Spent& spent);
  void add(const CostCounts& other);
  /// Of those that said it; zero when none did.
  Usd mean() const { return with_cost == 0 ? Usd{} : Usd{cost.millionths / with_cost}; }
};

/// What each line adds to the costs. A session is told of once: by its `end`, and where that says
/// nothing by the line that was written by hand (`audit`) beside the same claim.
class Costs {
 public:
  explicit Costs(std::span<const ReadEntry> entries);

  /// Of the line of an end.
  const Spent& of_end(const AuditEntry& entry) const;
  /// Of a line by hand that tells of a session which the gate has told of already: what no end says
  /// and none will; nothing where there is an end.
  Spent of_repeated(const AuditEntry& entry) const;

 private:
  using ClaimKey = std::pair<std::string_view, std::uint64_t>;
  std::map<ClaimKey, const AuditEntry*> ends_;
  std::map<ClaimKey, const AuditEntry*> by_hand_;
};

}  // namespace refgate
