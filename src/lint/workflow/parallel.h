#pragma once
// One piece of work for each index, on some threads.

#include <cstddef>
#include <functional>

namespace refgate::lint {

/// Calls `work` once for each index below `count`, on up to `threads` threads (this one among
/// them), and returns when all are done. The first exception is thrown again here; indices that
/// were not begun by then are left out.
void for_each_index(std::size_t count, unsigned threads,
                    const std::function<void(std::size_t)>& work);

}  // namespace refgate::lint
