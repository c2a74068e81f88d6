#include "os/process/child_group.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "os/process/child_environment.h"

extern char** environ;

namespace refgate {
namespace {

std::vector<std::string> environment_of(const ChildGroup::Command& command) {
  auto kept = own_environment([&](std::string_view name, std::string_view) {
    return std::any_of(command.added.begin(), command.added.end(),
                       [&](const auto& added) { return added.first == name; }) ||
           std::find(command.removed.begin(), command.removed.end(), name) != command.removed.end();
  });
  for (const auto& [name, value] : command.added)
    kept.push_back(name + "=" + value);
  return kept;
}

}  // namespace

ChildGroup::~ChildGroup() {
  if (id_ <= 0 || status_) return;
  ::kill(-id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
}

bool ChildGroup::start(const Command& command) {
  auto arguments = command.arguments;
  auto variables = environment_of(command);
  const auto argument_pointers = exec_pointers(arguments);
  const auto variable_pointers = exec_pointers(variables);
  int failure[2];
  if (::pipe2(failure, O_CLOEXEC) != 0) return false;
  const int terminal = command.foreground && ::isatty(STDIN_FILENO) != 0 ? STDIN_FILENO : -1;
  const bool in_front = terminal >= 0 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    ::setpgid(0, 0);
    // Work whose leader was killed must not go on beside whoever takes it over.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    if (in_front) {
      ::signal(SIGTTOU, SIG_IGN);
      ::tcsetpgrp(terminal, ::getpid());
    }
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGTTOU, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (command.no_input) {
      const int nothing = ::open("/dev/null", O_RDONLY);
      if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    }
    if (command.errors >= 0) ::dup2(command.errors, STDERR_FILENO);
    environ = const_cast<char**>(variable_pointers.data());
    ::execvp(argument_pointers.front(), argument_pointers.data());
    const int error = errno;
    if (::write(failure[1], &error, sizeof error) < 0) ::_exit(126);
    ::_exit(127);
  }
  ::close(failure[1]);
  // Both sides do it, so that the group is there whoever comes first.
  ::setpgid(child, child);
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(failure[0], &error, sizeof error)) < 0 && errno == EINTR)
    continue;
  ::close(failure[0]);
  if (got == static_cast<ssize_t>(sizeof error)) {
    ::waitpid(child, nullptr, 0);
    if (in_front) give_terminal(::getpgrp());
    errno = error;
    return false;
  }
  id_ = child;
  terminal_ = terminal;
  return true;
}

void ChildGroup::give_terminal(pid_t group) const {
  // A process in the background that changes the terminal's group is stopped, unless it ignores
  // that.
  const auto before = ::signal(SIGTTOU, SIG_IGN);
  ::tcsetpgrp(STDIN_FILENO, group);
  ::signal(SIGTTOU, before);
}

void ChildGroup::take_terminal() const {
  if (terminal_ >= 0 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) give_terminal(id_);
}

void ChildGroup::signal(int number) const {
  if (id_ > 0) ::kill(-id_, number);
}

bool ChildGroup::any_left() const { return id_ > 0 && ::kill(-id_, 0) == 0; }

bool ChildGroup::look() {
  if (status_) return true;
  int raw = 0;
  for (;;) {
    const pid_t found = ::waitpid(id_, &raw, WNOHANG | WUNTRACED);
    if (found < 0 && errno == EINTR) continue;
    if (found == 0) return false;
    if (found < 0) {
      status_ = 127;
    } else if (WIFSTOPPED(raw)) {
      if (terminal_ < 0) return false;
      give_terminal(::getpgrp());
      ::raise(SIGSTOP);
      // Continued in the background, this process has no terminal to give.
      take_terminal();
      ::kill(-id_, SIGCONT);
      continue;
    } else {
      status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    }
    if (terminal_ >= 0 && ::tcgetpgrp(STDIN_FILENO) == id_) give_terminal(::getpgrp());
    return true;
  }
}

}  // namespace refgate
