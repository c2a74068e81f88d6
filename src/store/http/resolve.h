#pragma once
// Host names to addresses, in bounded time.

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

namespace refgate {

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
  int family = 0;
};

/// The addresses of a host, in the order to try them. Throws std::runtime_error with the reason
/// when there are none or the time is over. The resolver cannot be interrupted, so it runs in a
/// thread of its own, which is left behind when it takes too long.
std::vector<Address> resolve(const std::string& host, const std::string& port,
                             std::chrono::steady_clock::time_point until);

}  // namespace refgate
