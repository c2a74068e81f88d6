#pragma once
// A command of the user's as a process group: it has the terminal and every signal that this
// process gets, and it is halted with all that it started.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace refgate {

class ChildGroup {
 public:
  ChildGroup() = default;
  ChildGroup(const ChildGroup&) = delete;
  ChildGroup& operator=(const ChildGroup&) = delete;
  /// Whatever still runs is killed.
  ~ChildGroup();

  struct Command {
    std::vector<std::string> arguments;  ///< the first is the program, looked for in PATH
    std::vector<std::string> removed;    ///< variables that it does not inherit
    std::vector<std::pair<std::string, std::string>> added;
    int errors = -1;         ///< its standard error; -1: as this process
    bool no_input = false;   ///< its standard input is empty; else it is that of this process
    bool foreground = true;  ///< it gets the terminal, when this process has it
  };

  /// Starts it. False when the program cannot be started; errno says why.
  bool start(const Command& command);

  /// Sends a signal to the whole group.
  void signal(int number) const;

  /// Looks whether it has ended or was stopped; a stop is passed on to this process, as a shell's
  /// child expects it. True when it has ended.
  bool look();

  /// The exit status once it has ended: 128 + number for a signal.
  std::optional<int> status() const { return status_; }
  pid_t id() const { return id_; }

  /// Gives it the terminal when this process is in front again, as after `fg`.
  void take_terminal() const;

  /// True while any process of the group lives, also after the first has ended.
  bool any_left() const;

 private:
  void give_terminal(pid_t group) const;

  pid_t id_ = -1;
  int terminal_ = -1;  ///< when there is one that the group may have
  std::optional<int> status_;
};

}  // namespace refgate
