#include "call/content.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <variant>

#include "call/remote.h"
#include "os/file/regular_file.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto look_again = 50ms;

/// Closes what it opened.
class Source {
 public:
  explicit Source(const std::string& path)
      : name_(path == "-" ? "standard input" : path), own_(path != "-") {
    if (!own_) {
      if (::isatty(STDIN_FILENO) == 1)
        throw UsageError("there is nothing to read: give --file, or the content by standard input");
      number_ = STDIN_FILENO;
      return;
    }
    const auto opened = open_regular_file(path);
    if (const auto* unread = std::get_if<Unread>(&opened))
      throw UsageError(name_ + " cannot be read (" + unread->why + ")");
    number_ = std::get<int>(opened);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    if (own_ && number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  [[noreturn]] void fail() const {
    throw UsageError(name_ + " cannot be read (" + std::strerror(errno) + ")");
  }

 private:
  std::string name_;
  bool own_;
  int number_ = -1;
};

}  // namespace

Content read_content(const std::string& path, std::size_t most, Clock::time_point until,
                     const std::function<bool()>& halt) {
  const Source source(path);
  Content content;
  std::array<char, 65536> buffer;
  for (;;) {
    // Once the time is over, what has come already is still taken.
    const bool halted = halt && halt();
    const bool over = halted || Clock::now() >= until;
    pollfd item{source.number(), POLLIN, 0};
    const int ready = ::poll(
        &item, 1, over ? 0 : static_cast<int>(std::chrono::milliseconds(look_again).count()));
    if (ready < 0 && errno != EINTR) source.fail();
    if (ready == 0 && over) {
      content.end = halted ? ContentEnd::halted : ContentEnd::timed_out;
      return content;
    }
    if (ready <= 0) continue;
    const ssize_t count = ::read(source.number(), buffer.data(),
                                 std::min(buffer.size(), most + 1 - content.bytes.size()));
    if (count == 0) return content;
    if (count < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      source.fail();
    }
    content.bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.bytes.size() > most) {
      content.bytes.resize(most);
      content.end = ContentEnd::too_long;
      return content;
    }
  }
}

}  // namespace refgate
