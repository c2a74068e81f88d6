#include "job/note/heartbeat_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "call/contradiction.h"
#include "call/remote.h"
#include "core/secrets/secret_scan.h"
#include "core/text/json.h"
#include "os/process/child_environment.h"
#include "os/process/lasting_program.h"

namespace refgate {
namespace {

/// Where the child finds the pipe of its news. Nothing else is open there: whatever this process
/// has open closes on exec.
constexpr int events_descriptor = 3;
constexpr int ready_within_ms = 10'000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("the heartbeats could not be started: " + what + " (" +
                           std::strerror(errno) + ")");
}

struct Ends {
  int read = -1;
  int write = -1;
};

Ends open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe");
  return {ends[0], ends[1]};
}

std::string name_of_process(long id) {
  std::ifstream file("/proc/" + std::to_string(id) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

/// "S 1 …": what /proc says of a process behind its name (proc(5)): the state, then the parent.
std::string state_of_process(long id) {
  std::ifstream file("/proc/" + std::to_string(id) + "/stat");
  std::string text;
  std::getline(file, text);
  // The second field is the name in parentheses, and may hold anything.
  const std::size_t end = text.rfind(')');
  return end == std::string::npos || end + 4 >= text.size() ? "" : text.substr(end + 2);
}

long parent_of(long id) {
  const std::string state = state_of_process(id);
  return state.empty() ? 0 : std::strtol(state.c_str() + 1, nullptr, 10);
}

std::vector<std::string> environment_without_tokens(const Environment& environment) {
  const auto secret = token_variables(environment);
  return own_environment([&](std::string_view name, std::string_view) {
    return std::find(secret.begin(), secret.end(), name) != secret.end();
  });
}

/// One line, or nothing when it does not come in time.
std::string read_line(int file) {
  std::string line;
  char c = 0;
  for (;;) {
    pollfd ready{file, POLLIN, 0};
    const int found = ::poll(&ready, 1, ready_within_ms);
    if (found < 0 && errno == EINTR) continue;
    if (found <= 0 || ::read(file, &c, 1) != 1) return {};
    if (c == '\n') return line;
    line += c;
  }
}

void write_all(int file, const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t sent = ::write(file, text.data() + at, text.size() - at);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    at += static_cast<std::size_t>(sent);
  }
}

}  // namespace

void require_room_for_heartbeats(const Policy& policy) {
  if (const auto error = lease_without_room(policy))
    throw UsageError(*error + "; nothing was asked");
}

std::vector<std::string> token_variables(const Environment& environment) {
  // The token that is used: the second only when there is no first.
  std::string token = environment.get("REFGATE_TOKEN");
  if (token.empty()) token = environment.get("GITHUB_TOKEN");
  std::vector<std::string> names{"REFGATE_TOKEN"};
  for (const auto& [name, value] : environment.variables())
    if (holds_token(value, {token})) names.push_back(name);
  return names;
}

namespace {

/// In a container whose first process waits for nobody, what has ended stays to be seen.
bool has_ended(long id) {
  const std::string state = state_of_process(id);
  return state.starts_with('Z') || state.starts_with('X');
}

}  // namespace

bool beats_already(const Health& health) {
  return health.heartbeat_process > 0 &&
         ::kill(static_cast<pid_t>(health.heartbeat_process), 0) == 0 &&
         !has_ended(health.heartbeat_process);
}

bool is_running(long id) {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
  if (process >= 0) ::close(process);
  // A kernel that has no such call, or does not let it be made, tells less.
  const bool is_unknown = process < 0 && (errno == ENOSYS || errno == EPERM);
  if (process < 0 && !(is_unknown && (::kill(static_cast<pid_t>(id), 0) == 0 || errno == EPERM)))
    return false;
  return !has_ended(id);
}

long process_of_job() {
  static constexpr std::array<std::string_view, 12> shells{"bash", "sh",   "dash",    "zsh",
                                                           "ksh",  "fish", "busybox", "pwsh",
                                                           "env",  "sudo", "timeout", "nohup"};
  long id = ::getppid();
  while (id > 1) {
    const std::string name = name_of_process(id);
    if (std::find(shells.begin(), shells.end(), name) == shells.end()) return id;
    id = parent_of(id);
  }
  return 0;
}

HeartbeatProcess start_heartbeats(const Settings& settings, const Environment& environment,
                                  const JobState& state, const HeartbeatPlan& plan, bool listen) {
  const auto ms = [](Duration span) { return std::to_string(span.count()) + "ms"; };
  const long process = plan.while_process != 0 ? plan.while_process : process_of_job();
  std::vector<std::string> arguments{"refgate",
                                     "heartbeat",
                                     "--attached",
                                     "--state-dir",
                                     state.folder(),
                                     "--namespace",
                                     settings.name_space,
                                     "--interval",
                                     ms(plan.interval),
                                     "--lease",
                                     ms(plan.lease),
                                     "--deadline",
                                     ms(settings.policy.deadline),
                                     "--first-after",
                                     ms(plan.first_after),
                                     "--while-pid",
                                     std::to_string(process)};
  // The address, not the name of it: what git's configuration says may be changed meanwhile.
  const Remote remote = resolve_remote(settings, environment);
  arguments.insert(arguments.end(), {"--remote", remote.address});
  auto variables = environment_without_tokens(environment);

  const Ends input = open_pipe();
  const Ends events = open_pipe();
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, input.read, STDIN_FILENO);
  // A step is over for the runner only when its output is closed.
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // dup2 of a descriptor to itself would leave it closing on exec.
  const int lifted = ::fcntl(events.write, F_DUPFD_CLOEXEC, 10);
  posix_spawn_file_actions_adddup2(&files, lifted, events_descriptor);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t child = -1;
  // act, and the runners of Gitea and Forgejo that are built on it, copy the action's folder over
  // itself for each of its steps, and the job fails where a file of it runs.
  const bool is_overwritten = environment.get("ACT") == "true";
  const LastingProgram program(is_overwritten ? state.folder() + "/refgate" : "");
  const int error = program.spawn(child, files, attributes, arguments, variables);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  ::close(input.read);
  ::close(events.write);
  ::close(lifted);
  if (error != 0) {
    ::close(input.write);
    ::close(events.read);
    errno = error;
    fail("no process");
  }
  // Only a process that cannot be looked into is told anything.
  const bool ready = read_line(events.read) == "closed";
  if (ready) {
    nlohmann::json words = {{"token", remote.token},
                            {"ref", plan.note.ref},
                            {"namespace", plan.note.name_space},
                            {"remote", plan.note.remote},
                            {"claim", encode_claim(plan.note.claim)},
                            {"listen", listen},
                            {"cancels_run", plan.cancels_run},
                            {"mark", plan.mark}};
    if (plan.note.version) words["object"] = plan.note.version->id;
    write_all(input.write,
              words.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n");
  }
  ::close(input.write);
  const std::string began = ready ? read_line(events.read) : "";
  if (began == "taken") {
    ::close(events.read);
    ::waitpid(child, nullptr, 0);
    return {};
  }
  if (began != "ready") {
    ::close(events.read);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    errno = ETIMEDOUT;
    fail("it did not become ready");
  }
  if (listen) return {child, events.read};
  ::close(events.read);
  return {child, -1};
}

}  // namespace refgate
