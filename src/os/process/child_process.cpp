#include "os/process/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>

#include "core/secrets/secret_scan.h"
#include "os/process/child_environment.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t most_output = 64U << 20U;
constexpr std::size_t most_errors = 64U << 10U;
constexpr auto look_again = 50ms;
constexpr auto grace = 500ms;  // between the request to end and the kill

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~Descriptor() { close(); }
  int get() const { return number_; }
  bool open() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<std::string> environment_of(const ChildCommand& command) {
  std::vector<std::string> secret;
  for (const char* name : {"REFGATE_TOKEN", "GITHUB_TOKEN"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
      secret.emplace_back(value);
  auto result = own_environment([&](std::string_view name, std::string_view value) {
    const auto changed = [&](const auto& change) { return change.first == name; };
    return std::ranges::any_of(command.environment, changed) ||
           (!command.keep_tokens && holds_token(value, secret));
  });
  for (const auto& [name, value] : command.environment) {
    if (value) result.push_back(name + "=" + *value);
  }
  return result;
}

struct SpawnSetup {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

pid_t start(const ChildCommand& command, const Pipe& input, const Pipe& output,
            const Pipe& errors) {
  SpawnSetup setup;
  posix_spawn_file_actions_adddup2(
      &setup.files, command.input_file >= 0 ? command.input_file : input.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&setup.files, output.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&setup.files, errors.write.get(), STDERR_FILENO);
  // This process ignores SIGPIPE; what it starts should not.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(&setup.attributes, &signals);
  short flags = POSIX_SPAWN_SETSIGDEF;
  if (command.own_session) flags |= POSIX_SPAWN_SETSID;
  posix_spawnattr_setflags(&setup.attributes, flags);

  auto arguments = command.arguments;
  auto environment = environment_of(command);
  pid_t child = -1;
  const int error =
      posix_spawnp(&child, arguments.front().c_str(), &setup.files, &setup.attributes,
                   exec_pointers(arguments).data(), exec_pointers(environment).data());
  if (error != 0)
    throw std::system_error(error, std::generic_category(), command.arguments.front());
  return child;
}

/// A started child: it does not outlive this object.
class Running {
 public:
  Running(pid_t child, bool group) : child_(child), group_(group) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { end(); }

  /// True when it has ended before `until`.
  bool wait(Clock::time_point until) {
    for (auto pause = 1ms; !reaped_; pause = std::min(pause * 2, 20ms)) {
      const pid_t found = waitpid(child_, &raw_status_, WNOHANG);
      if (found == child_ || (found < 0 && errno != EINTR)) reaped_ = true;
      if (reaped_) break;
      if (Clock::now() >= until) return false;
      std::this_thread::sleep_for(pause);
    }
    return true;
  }

  void end() {
    if (!reaped_) {
      signal(SIGTERM);
      if (!wait(Clock::now() + grace)) {
        signal(SIGKILL);
        wait(Clock::time_point::max());
      }
    }
    // Also what it has left behind: an ssh that still holds the connection.
    if (group_) kill(-child_, SIGKILL);
    group_ = false;
  }

  int status() const {
    return WIFEXITED(raw_status_) ? WEXITSTATUS(raw_status_) : 128 + WTERMSIG(raw_status_);
  }

 private:
  void signal(int number) const { kill(group_ ? -child_ : child_, number); }

  pid_t child_;
  bool group_;
  bool reaped_ = false;
  int raw_status_ = 0;
};

void make_nonblocking(const Descriptor& descriptor) {
  fcntl(descriptor.get(), F_SETFL, fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

void take(Descriptor& from, std::string& into, std::size_t most, bool keep_end, bool& cut) {
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
  if (count > 0) {
    into.append(buffer.data(), static_cast<std::size_t>(count));
    if (into.size() <= most) return;
    if (keep_end) {
      into.erase(0, into.size() - most);
    } else {
      cut = true;
    }
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    from.close();
  }
}

void give(Descriptor& to, std::string_view& rest) {
  const ssize_t count = ::write(to.get(), rest.data(), rest.size());
  if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
  if (rest.empty() || (count < 0 && errno != EAGAIN && errno != EINTR)) to.close();
}

}  // namespace

ChildResult run_child(const ChildCommand& command, Clock::time_point deadline) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe errors = make_pipe();
  Running child(start(command, input, output, errors), command.own_session);
  input.read.close();
  output.write.close();
  errors.write.close();
  for (const auto* end : {&input.write, &output.read, &errors.read})
    make_nonblocking(*end);

  ChildResult result;
  const auto over = [&] { return Clock::now() >= deadline || (command.halt && command.halt()); };
  std::string_view rest = command.input_file >= 0 ? std::string_view() : command.input;
  if (rest.empty()) input.write.close();
  while ((output.read.open() || errors.read.open() || input.write.open()) && !result.cut) {
    std::array items = {pollfd{output.read.get(), POLLIN, 0}, pollfd{errors.read.get(), POLLIN, 0},
                        pollfd{input.write.get(), POLLOUT, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = poll(items.data(), items.size(),
                           static_cast<int>(std::clamp(left, 0ms, look_again).count()));
    if (ready < 0 && errno != EINTR) break;
    // A connection that ssh shares (ControlPersist) stays behind and keeps the pipes open: the end
    // of the child counts, not theirs.
    if (ready == 0 && child.wait(Clock::now())) break;
    if (over()) {
      result.timed_out = true;
      break;
    }
    if (items[0].revents != 0) take(output.read, result.output, most_output, false, result.cut);
    if (items[1].revents != 0) take(errors.read, result.errors, most_errors, true, result.cut);
    if (items[2].revents != 0) give(input.write, rest);
  }
  while (!result.timed_out && !result.cut &&
         !child.wait(std::min(deadline, Clock::now() + look_again)))
    result.timed_out = over();
  child.end();
  result.status = child.status();
  return result;
}

std::optional<std::string> find_program(const std::string& name) {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "/usr/local/bin:/usr/bin:/bin" : variable;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string_view directory = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    if (!directory.starts_with('/'))
      continue;  // never what happens to lie in the current directory
    std::string candidate = std::string(directory) + "/" + name;
    struct stat status {};
    if (stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return std::nullopt;
}

}  // namespace refgate
