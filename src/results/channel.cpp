#include "results/channel.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <ostream>
#include <system_error>

#include "os/process/child_process.h"
#include "runner/runner.h"
#include "store/git/temporary_directory.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view first_name = "command";
constexpr std::size_t longest_name = 40;
constexpr std::size_t most_lines = 10;
constexpr std::size_t longest_line = 300;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string_view::npos;
}

/// The content as a file, for one channel alone: the next one gets its own, whatever became of
/// this.
class ContentFile {
 public:
  explicit ContentFile(const std::string& content) : path_(directory_.path() / "result") {
    number_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    std::string_view rest = content;
    while (number_ >= 0 && !rest.empty()) {
      const ssize_t count = ::write(number_, rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    if (number_ < 0 || !rest.empty() || ::lseek(number_, 0, SEEK_SET) != 0) {
      const int error = errno;
      if (number_ >= 0) ::close(number_);
      throw std::system_error(error, std::generic_category(), path_.string());
    }
  }
  ContentFile(const ContentFile&) = delete;
  ContentFile& operator=(const ContentFile&) = delete;
  ~ContentFile() { ::close(number_); }

  int number() const { return number_; }
  std::string path() const { return path_.string(); }
  /// How far the channel has read.
  std::size_t offset() const {
    return static_cast<std::size_t>(std::max<off_t>(::lseek(number_, 0, SEEK_CUR), 0));
  }

 private:
  TemporaryDirectory directory_;
  std::filesystem::path path_;
  int number_ = -1;
};

ChildCommand command_of(const std::vector<std::string>& arguments,
                        const std::function<bool()>& halt) {
  ChildCommand command;
  command.arguments = arguments;
  command.own_session = true;
  command.halt = halt;
  // `gh` and its like need theirs: a variable that the workflow gave another name stays.
  command.keep_tokens = true;
  for (const char* name : {"REFGATE_TOKEN", "INPUT_TOKEN"})
    command.environment.emplace_back(name, std::nullopt);
  return command;
}

Attempt run(const ChildCommand& command, Clock::time_point until) {
  const auto started = Clock::now();
  const ChildResult result = run_child(command, until);
  Attempt attempt{false, {}, result.output, result.errors};
  if (result.timed_out && command.halt && command.halt())
    attempt.outcome = "stopped, since this process was told to end";
  else if (result.timed_out)
    attempt.outcome =
        "no end after " +
        format_duration(std::chrono::round<std::chrono::seconds>(Clock::now() - started)) +
        ", killed";
  else if (result.cut)
    attempt.outcome = "it printed without end, killed";
  else if (result.status > 128)
    attempt.outcome = "exit status " + std::to_string(result.status) + " (signal " +
                      std::to_string(result.status - 128) + ")";
  else if (result.status != 0)
    attempt.outcome = "exit status " + std::to_string(result.status);
  else
    attempt.delivered = true;
  return attempt;
}

/// What could not even be started is an outcome like any other.
template <typename Run>
Attempt without_exceptions(const Run& run) {
  try {
    return run();
  } catch (const std::exception& error) {
    return {false, std::string("it could not be started: ") + error.what(), {}, {}};
  }
}

}  // namespace

std::vector<Channel> channels_of(const Invocation& call) {
  std::vector<Channel> channels;
  if (!call.arguments.empty()) channels.push_back({std::string(first_name), call.arguments});
  if (const auto given = call.options.find("to"); given != call.options.end()) {
    for (const std::string& word : given->second) {
      const std::size_t equals = word.find('=');
      const std::string name = word.substr(0, equals);
      if (equals == std::string::npos || !is_name(name))
        throw UsageError(
            "--to must be NAME=command, the name of letters, digits, '-', '_' and '.'");
      const std::string command = word.substr(equals + 1);
      if (command.find_first_not_of(" \t\r\n") == std::string::npos)
        throw UsageError("--to " + name + " has no command");
      if (std::any_of(channels.begin(), channels.end(),
                      [&](const Channel& other) { return other.name == name; }))
        throw UsageError("two channels are called \"" + name + "\"");
      channels.push_back({name, {"/bin/sh", "-c", command}});
    }
  }
  if (channels.empty())
    throw UsageError("there is no channel: give a command after --, or --to NAME=command");
  if (channels.front().arguments.front().empty()) throw UsageError("the command after -- is empty");
  return channels;
}

Attempt run_channel(const Channel& channel, const std::string& content, Clock::time_point until,
                    const std::function<bool()>& halt) {
  return without_exceptions([&] {
    const ContentFile file(content);
    ChildCommand command = command_of(channel.arguments, halt);
    command.input_file = file.number();
    command.environment.emplace_back("REFGATE_RESULT_FILE", file.path());
    command.environment.emplace_back("REFGATE_CHANNEL", channel.name);
    Attempt attempt = run(command, until);
    const std::size_t read = file.offset();
    if (attempt.delivered && read > 0 && read < content.size()) {
      attempt.delivered = false;
      attempt.outcome = "it read " + std::to_string(read) + " of " +
                        std::to_string(content.size()) + " bytes and ended as if that were all";
    }
    return attempt;
  });
}

Attempt run_shell(const std::string& shell_command,
                  const std::vector<std::pair<std::string, std::string>>& environment,
                  Clock::time_point until, const std::function<bool()>& halt) {
  return without_exceptions([&] {
    ChildCommand command = command_of({"/bin/sh", "-c", shell_command}, halt);
    for (const auto& [name, value] : environment)
      command.environment.emplace_back(name, value);
    return run(command, until);
  });
}

void print_output(std::ostream& err, const std::string& name, const std::string& text) {
  std::string_view rest = text;
  for (std::size_t lines = 0; !rest.empty(); ++lines) {
    if (lines == most_lines) {
      err << "refgate: " << name << ": …\n";
      return;
    }
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    err << "refgate: " << name << ": " << escape_for(Place::line, line.substr(0, longest_line))
        << (line.size() > longest_line ? "…" : "") << "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

}  // namespace refgate
