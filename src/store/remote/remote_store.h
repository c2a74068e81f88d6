#pragma once
// A store over a transport.

#include <memory>
#include <string>

#include "store/remote/transport.h"
#include "store/store.h"

namespace refgate {

/// Throws StoreError (denied) for a namespace that cannot be one.
std::unique_ptr<Store> make_remote_store(std::unique_ptr<Transport> transport,
                                         const std::string& name_space);

}  // namespace refgate
