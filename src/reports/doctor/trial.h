#pragma once
// Does a remote keep what the product stands on? Tried on the remote itself, not assumed: a claim's
// whole life, in scratch refs of fixed names.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace refgate {

struct Finding {
  std::string check;
  std::string state;  ///< "ok", "warning", "failed" or "not made"
  std::string text;
  std::string hint;
};

/// Where it is tried, and for how long.
struct Trial {
  std::function<std::unique_ptr<Store>()> open;  ///< a connection of its own
  std::string name_space;
  unsigned rounds = 3;                          ///< of rivals at the same time
  std::chrono::steady_clock::time_point until;  ///< what is tried ends here; no sooner than this
                                                ///< the stores' own deadlines come
};

/// Makes, reads, changes and deletes a ref below each of the two prefixes that the product writes,
/// and one in each place there is below the first; several in one push; and rivals for one ref, of
/// which exactly one may be taken. One finding for each, "not made" for what could not be tried.
/// What an earlier doctor left behind is taken, and nothing is left behind where the server lets
/// refs be deleted. Never throws StoreError.
std::vector<Finding> try_life_of_a_claim(const Trial& trial);

/// Of rivals for `ref`, where nothing stands: of two, one after the other, the second with a value
/// that is no longer there, sent where the store lets it be sent; and of several on connections of
/// their own at the same time. Throws StoreError.
Finding try_rivals(const Trial& trial, const std::string& ref);

/// What a scratch ref is made of: no two are alike.
Snapshot scratch_snapshot();

/// What stands at `ref` by a connection that has seen nothing; when that is not `expected`, again
/// for a moment, since the side that is read may be behind.
std::optional<Version> standing(const Trial& trial, const std::string& ref,
                                const std::optional<Version>& expected);

}  // namespace refgate
