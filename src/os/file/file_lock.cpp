#include "os/file/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_wait = 1s;
constexpr auto look_again = 2ms;

}  // namespace

FileLock::FileLock(const std::string& path)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)) {
  if (file_ < 0) return;
  const auto until = std::chrono::steady_clock::now() + longest_wait;
  while (::flock(file_, LOCK_EX | LOCK_NB) != 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(look_again);
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

LifeLock::LifeLock(const std::string& path)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)) {
  held_elsewhere_ = file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

LifeLock::~LifeLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace refgate
