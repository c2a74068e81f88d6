#include "store/http/resolve.h"

#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace refgate {
namespace {

struct Answer {
  std::mutex mutex;
  std::condition_variable arrived;
  bool done = false;
  int error = 0;
  std::vector<Address> addresses;
};

int look_up(const std::string& host, const std::string& port, int flags,
            std::vector<Address>& into) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  if (error != 0) return error;
  for (const addrinfo* item = list; item != nullptr; item = item->ai_next) {
    Address address;
    std::memcpy(&address.bytes, item->ai_addr, item->ai_addrlen);
    address.size = item->ai_addrlen;
    address.family = item->ai_family;
    into.push_back(address);
  }
  freeaddrinfo(list);
  return 0;
}

}  // namespace

std::vector<Address> resolve(const std::string& host, const std::string& port,
                             std::chrono::steady_clock::time_point until) {
  std::vector<Address> literal;
  if (look_up(host, port, AI_NUMERICHOST | AI_NUMERICSERV, literal) == 0) return literal;

  const auto answer = std::make_shared<Answer>();
  std::thread([answer, host, port] {
    std::vector<Address> addresses;
    const int error = look_up(host, port, 0, addresses);
    const std::lock_guard lock(answer->mutex);
    answer->error = error;
    answer->addresses = std::move(addresses);
    answer->done = true;
    answer->arrived.notify_all();
  }).detach();

  std::unique_lock lock(answer->mutex);
  if (!answer->arrived.wait_until(lock, until, [&] { return answer->done; }))
    throw std::runtime_error("the name " + host + " was not resolved in time");
  if (answer->error != 0)
    throw std::runtime_error("the name " + host +
                             " could not be resolved: " + gai_strerror(answer->error));
  return answer->addresses;
}

}  // namespace refgate
