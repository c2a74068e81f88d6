#include "os/trace.h"

#include <atomic>
#include <mutex>
#include <utility>

namespace refgate {
namespace {

std::atomic<bool> listening{false};

struct Listener {
  std::mutex mutex;
  std::function<void(std::string_view)> sink;
};

Listener& listener() {
  static Listener only;
  return only;
}

}  // namespace

void trace_to(std::function<void(std::string_view)> sink) {
  Listener& here = listener();
  const std::lock_guard lock(here.mutex);
  here.sink = std::move(sink);
  listening = static_cast<bool>(here.sink);
}

bool is_traced() { return listening; }

void tell_trace(std::string_view line) {
  Listener& here = listener();
  const std::lock_guard lock(here.mutex);
  if (here.sink) here.sink(line);
}

}  // namespace refgate
