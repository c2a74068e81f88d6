#include "os/trace.h"

#include <algorithm>
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

std::string without_url_secrets(std::string_view text) {
  std::string shown;
  for (;;) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) return shown + std::string(text);
    shown += text.substr(0, scheme + 3);
    text.remove_prefix(scheme + 3);
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'"), text.size());
    std::string_view url = text.substr(0, end);
    text.remove_prefix(end);
    // A password may hold a slash that somebody forgot to escape; a path hardly an @.
    const std::string_view plain = url.substr(0, url.find_first_of("?#"));
    const std::size_t at = plain.rfind('@');
    if (at != std::string_view::npos)
      shown += plain.substr(at + 1);
    else if (url.find('@') != std::string_view::npos)  // in a query, or a password holds ? or #
      shown += "…";
    else
      shown += plain;
  }
}

}  // namespace refgate
