#pragma once
// A store whose work is seen while it goes on.

#include <memory>

#include "store/store.h"

namespace refgate {

/// The same store, whose calls are told to os/undertaking.h.
std::unique_ptr<Store> watched(std::unique_ptr<Store> store);

}  // namespace refgate
