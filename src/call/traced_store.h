#pragma once
// A store that tells (os/trace.h) what was read of it, what was written, and what became of that.

#include <memory>

#include "store/store.h"

namespace refgate {

std::unique_ptr<Store> traced(std::unique_ptr<Store> store);

}  // namespace refgate
