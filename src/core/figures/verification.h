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
  told_to_skip,   ///< the second was told to skip, and was executed all the same
};

/// "unseparated", …
std::string_view name_of(DuplicateKind kind);

/// Two launches of one piece of work of which the second should not have been.
struct Duplicate {
  DuplicateKind kind = DuplicateKind::unseparated;
  AuditEntry first;
  AuditEntry second;
  std::string why;  ///< for people
};

struct Verification {
  std::size_t scopes = 0;  ///< pieces of work that were launched
  std::size_t launches = 0;
  std::size_t forced = 0;             ///< launches that somebody forced: counted, and no duplicates
  std::vector<Duplicate> duplicates;  ///< by the time of the second launch
  std::vector<AuditEntry> observed;   ///< ran although enforcing would have skipped them, as
                                      ///< somebody chose: no duplicates
};

/// What a line `given_back` answers was no launch. Launches of one scope (`scope`; without one,
/// session key and commit) are put in order: by time, but generations that follow on each other
/// within an hour by generation, since two clocks may disagree. For each two neighbours, first A
/// and then B, the first rule that applies decides:
///
///   1. B was forced: no duplicate, somebody chose it.
///   2. No line `end`, `lost` or `release` closes A's claim: duplicate, unseparated.
///   3. A's own `end` is later than B's launch by more than `skew`, and B is no next generation
///   that saw that end: duplicate, overlap. Whatever was thought of A meanwhile (lost, freed by
///   hand, deleted), it worked on.
///   4. B's generation is A's plus one, A was lost, superseded or freed by hand, and A's own end
///   stands after B's launch or end, or A was lost by B's very launch: duplicate, overlap, by
///   however little. Otherwise B's generation is A's plus one: no duplicate. B's claim was swapped
///   in over A's, so its decision saw what had become of A, and judged by the
///      limits that A's claim was made with; clocks need not be compared.
///   5. Every line that closes A is later than B's launch by more than `skew`: duplicate, overlap.
///   6. A ended with success, A's line says for how long that is remembered, B is no allowed retry,
///   and that time had not passed (but for `skew`):
///      duplicate, within memory. The claim was deleted or lost in between.
///
/// Launches that only a line by hand tells of (see Launches) know no scope: they meet each other
/// and the gate's by workflow and commit, a push and a pull request being one. What somebody asks
/// for by itself (a schedule, a dispatch) is never a duplicate. For two neighbours A and B, of
/// which at least one is such:
///
///   1. B was told to skip: duplicate, told to skip.
///   2. A was neither over with success nor still at work, or is forgotten, or B was allowed to
///   retry or forced: no duplicate.
///   3. A's end is not known, or later than B: duplicate, unseparated or overlap; else within
///   memory (where A's line does not tell it, the usual one).
///
/// Lines are taken as they stand, whether their digest fits or not.
///
/// A pair counts when its second launch is between the two moments, and so does each launch.
Verification verify_launches(std::span<const ReadEntry> entries, Duration skew,
                             Instant since = Instant::min(), Instant until = Instant::max());

}  // namespace refgate
