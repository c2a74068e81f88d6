#include "os/undertaking.h"

#include <dirent.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "os/last_words.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 1s;
constexpr std::string_view wipe = "\r\033[K";

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  std::string nothing_changed;
  std::string while_writing;
  std::string after_writing;
  std::optional<LastWords> last_words;
  std::thread painter;
  std::optional<Clock::time_point> begun;
  std::string text;
  int under_way = 0;
  int writing = 0;
  bool painted = false;
  bool over = false;
};

State* state = nullptr;

void write_out(std::string_view text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) {
    // Nobody reads it.
  }
}

bool holds_terminal(const std::string& process) {
  const std::string folder = "/proc/" + process + "/fd";
  DIR* files = ::opendir(folder.c_str());
  if (files == nullptr) return false;
  bool holds = false;
  while (const dirent* file = ::readdir(files)) {
    std::array<char, 16> target{};
    const std::string path = folder + "/" + file->d_name;
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    holds = holds || (size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) ==
                                      "/dev/tty");
  }
  ::closedir(files);
  return holds;
}

/// Among what the process of this id has started. Depth is bounded: git, its helper, their shells.
bool child_holds_terminal(const std::string& process, int depth) {
  const std::string folder = "/proc/" + process + "/task";
  DIR* tasks = ::opendir(folder.c_str());
  if (tasks == nullptr) return false;
  bool holds = false;
  while (const dirent* task = ::readdir(tasks)) {
    if (task->d_name[0] == '.') continue;
    std::ifstream children(folder + "/" + task->d_name + "/children");
    for (std::string child; !holds && children >> child;)
      holds = holds_terminal(child) || (depth > 0 && child_holds_terminal(child, depth - 1));
  }
  ::closedir(tasks);
  return holds;
}

/// A password, or a question of git or ssh, must not be painted over.
bool somebody_is_asked() {
  termios terminal{};
  const bool hidden = ::tcgetattr(STDERR_FILENO, &terminal) == 0 && (terminal.c_lflag & ECHO) == 0;
  return hidden || child_holds_terminal("self", 3);
}

void paint(State& all) {
  std::unique_lock lock(all.mutex);
  while (!all.over) {
    if (all.under_way == 0) {
      all.changed.wait(lock);
      continue;
    }
    const auto now = Clock::now();
    if (now < *all.begun + patience) {
      all.changed.wait_until(lock, *all.begun + patience);
      continue;
    }
    if (!somebody_is_asked()) {
      const auto seconds = std::chrono::floor<std::chrono::seconds>(now - *all.begun);
      write_out(std::string(wipe) + all.text + "… (" + std::to_string(seconds.count()) + "s)");
      all.painted = true;
    }
    all.changed.wait_for(lock, 1s);
  }
}

}  // namespace

Undertaking::Undertaking(const std::string& command, Shows shows) {
  state = new State;
  const std::string head = (shows.progress ? std::string(wipe) : std::string()) +
                           "refgate: " + command + " was interrupted ";
  state->nothing_changed = head + "before it was done; it has changed nothing\n";
  state->while_writing =
      head +
      "while it wrote: what it changes may be done or not. To make sure: refgate status --all; to "
      "complete it, run it again\n";
  state->after_writing = head + "after it had written: that stays. To complete it, run it again\n";
  if (shows.last_words) state->last_words.emplace(state->nothing_changed);
  if (!shows.progress) return;
  // Signals are for the thread that handles them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  state->painter = std::thread(paint, std::ref(*state));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Undertaking::~Undertaking() {
  {
    const std::lock_guard lock(state->mutex);
    state->over = true;
  }
  state->changed.notify_all();
  if (state->painter.joinable()) state->painter.join();
  delete state;
  state = nullptr;
}

Doing::Doing(What what, std::string_view text) : writes_(what == What::writes) {
  if (state == nullptr) return;
  const std::lock_guard lock(state->mutex);
  if (!state->begun) state->begun = Clock::now();
  state->text = text;
  ++state->under_way;
  if (writes_ && state->writing++ == 0 && state->last_words)
    state->last_words->say_instead(state->while_writing);
  state->changed.notify_all();
}

Doing::~Doing() {
  if (state == nullptr) return;
  const std::lock_guard lock(state->mutex);
  if (writes_ && --state->writing == 0 && state->last_words)
    state->last_words->say_instead(state->after_writing);
  if (--state->under_way > 0 || !state->painted) return;
  write_out(wipe);
  state->painted = false;
}

}  // namespace refgate
