#include "job/session/waking.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "job/note/health_file.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

int block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

Waking::Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Waking::Waking(long process, const std::string& folder, int questions)
    : questions_(questions),
      process_(process > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, process, 0)) : -1),
      job_is_gone_(process > 0 && process_.get() < 0 && errno == ESRCH),
      folder_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      signals_(block_signals()) {
  if (folder_.get() >= 0)
    ::inotify_add_watch(folder_.get(), folder.c_str(), IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF);
}

Woken Waking::until(BootTime at) {
  if (job_is_gone_) return Woken::job_gone;
  for (;;) {
    const Duration left = at - boot_now();
    if (left <= Duration::zero()) return Woken::time;
    // Poll's own clock may stand still while the machine sleeps; a look a minute is cheap.
    const int wait = static_cast<int>(std::min<Duration>(left + 1ms, 60s).count());
    pollfd files[4] = {{process_.get(), POLLIN, 0},
                       {signals_.get(), POLLIN, 0},
                       {folder_.get(), POLLIN, 0},
                       {questions_, POLLIN, 0}};
    const int found = ::poll(files, 4, wait);
    if (found <= 0) continue;
    if (files[0].revents != 0) return Woken::job_gone;
    if (files[1].revents != 0) return Woken::told_to_stop;
    if (files[3].revents != 0) return Woken::asked;
    if (files[2].revents != 0) {
      char buffer[4096];
      while (::read(folder_.get(), buffer, sizeof buffer) > 0)
        continue;
      return Woken::state_changed;
    }
  }
}

}  // namespace refgate
