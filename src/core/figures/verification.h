#pragma once
// "Are there any duplicates that did execute?" Answered from the lines of the record alone. Pure.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/audit.h"
#include "core/text/time.h"

namespace refgate {

enum class DuplicateKind {
  unseparated,  ///< nothing says that the first session was over: no end, loss or release
  overlap,  ///< the first session went on after the second had started, beyond what two clocks may
            ///< differ
  within_memory,  ///< the first session had succeeded, and was forgotten before its memory had
                  ///< passed
};

/// "unseparated", …
std::string_view name_of(DuplicateKind kind);

/// Two launches of one scope of which the second should not have been.
struct Duplicate {
  DuplicateKind kind = DuplicateKind::unseparated;
  AuditEntry first;
  AuditEntry second;
  std::string why;  ///< for people
};

struct Verification {
  std::size_t scopes = 0;
  std::size_t launches = 0;
  std::size_t forced = 0;             ///< launches that somebody forced: counted, and no duplicates
  std::vector<Duplicate> duplicates;  ///< by the time of the second launch
};

/// What a line `given_back` answers was no launch. Launches of one scope (`scope`; without one,
/// session key and commit) are put in order: by time, but generations that follow on each other
/// within an hour by generation, since two clocks may disagree. For each two neighbours, first A
/// and then B, the first rule that applies decides:
///
///   1. B was forced: no duplicate, somebody chose it.
///   2. No line `end`, `lost` or `release` closes A's claim: duplicate, unseparated.
///   3. A was taken for lost, and its own `end` is later than B's launch by more than `skew`:
///   duplicate, overlap.
///   4. B's generation is A's plus one: no duplicate. B's claim was swapped in over A's, so its
///   decision saw what had become of A, and judged by the
///      limits that A's claim was made with; clocks need not be compared.
///   5. Every line that closes A is later than B's launch by more than `skew`: duplicate, overlap.
///   6. A ended with success, A's line says for how long that is remembered, B is no allowed retry,
///   and that time had not passed (but for `skew`):
///      duplicate, within memory. The claim was deleted or lost in between.
///
/// Lines are taken as they stand, whether their digest fits or not.
Verification verify_launches(std::span<const ReadEntry> entries, Duration skew);

}  // namespace refgate
