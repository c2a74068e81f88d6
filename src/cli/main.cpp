#include "cli/main.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "cli/overheard.h"
#include "core/text/truth.h"
#include "core/words/brief.h"
#include "os/file/checked_output.h"
#include "os/trace.h"
#include "os/undertaking.h"
#include "runner/failure.h"
#include "runner/given_away.h"
#include "runner/runner.h"
#include "view/folded_output.h"
#include "view/screen.h"

namespace refgate {
namespace {

std::string first_line(const std::string& text) {
  const std::string line = text.substr(0, text.find('\n'));
  return line.starts_with("refgate: ") ? line.substr(9) : line;
}

/// A misspelt setting would otherwise be ignored in silence where most people set it.
void warn_of_unread_variables(const Said& said, const Environment& environment, std::ostream& err) {
  std::vector<std::string> names;
  for (const auto& [name, value] : environment.variables())
    if (name.starts_with("REFGATE_") && !value.empty()) names.push_back(name);
  for (const std::string& line : unread_variables(said, environment.in_actions(), names))
    err << "refgate: warning: " << escape_for(Place::line, line) << "\n"
        << annotation(environment, "warning", "refgate: a variable is not read", line);
}

/// `--verbose`, its variable, and "Re-run jobs with debug logging".
bool asks_for_trace(const Said& said, const Environment& environment) {
  return said.options.contains("verbose") ||
         truth_of(environment.get("REFGATE_VERBOSE")).value_or(false) ||
         environment.get("RUNNER_DEBUG") == "1";
}

/// One line on standard error each, which the runner shows as its own debug lines. `environment`
/// and `err` outlive the call.
void listen(const Environment& environment, std::ostream& err) {
  trace_to([&](std::string_view line) {
    const std::string text = without_tokens(std::string(line), environment);
    err << (environment.in_actions() ? "::debug::" + escape_for(Place::message, text)
                                     : "debug: " + escape_for(Place::line, text)) +
               "\n"
        << std::flush;
  });
}

bool tells_sentences(const Said& said) {
  return said.row->traits.tells_sentences && !said.options.contains("json") &&
         !said.options.contains("take");
}

/// Who gives a verdict, or keeps a result, has last words of its own; heartbeats show nothing.
Undertaking::Shows shown_of(const Said& said, const Environment& environment) {
  const bool asks_store = std::find(said.row->settings.begin(), said.row->settings.end(),
                                    std::string_view("remote")) != said.row->settings.end();
  if (said.row->name == std::string_view("heartbeat"))
    return {false, !said.options.contains("attached")};
  if (!asks_store || said.row->traits.leaves_terminal) return {};
  const bool terminal =
      ::isatty(STDERR_FILENO) == 1 && environment.get("TERM") != "dumb" && !is_traced();
  return {terminal, !gives_verdict(said.row->name)};
}

int run_command(const std::vector<std::string>& words, const Environment& environment,
                std::ostream& out, std::ostream& err) {
  auto read = read_command_line(words, screen_of(environment));
  if (const Reply* reply = std::get_if<Reply>(&read)) {
    if (reply->exit == exit_done)
      out << reply->text;
    else
      err << without_tokens(reply->text, environment);
    if (reply->exit != exit_done && words.empty())
      tell_failure(environment, err, {{}, "no command was given", "refgate --help lists them", {}});
    else if (reply->exit != exit_done)
      tell_failure(
          environment, err,
          {brief(words.front()), first_line(without_tokens(reply->text, environment)), {}, {}});
    return reply->exit;
  }
  Said& said = std::get<Said>(read);
  if (asks_for_trace(said, environment)) {
    listen(environment, err);
    trace([&] { return "refgate " REFGATE_VERSION ", command " + std::string(said.row->name); });
  }
  warn_of_unread_variables(said, environment, err);
  std::optional<Undertaking> undertaking;
  if (const auto shows = shown_of(said, environment); shows.progress || shows.last_words)
    undertaking.emplace(said.row->name, shows);
  // Those that give a verdict tell by themselves why there is none, and the status of `run` is its
  // command's.
  if (gives_verdict(said.row->name))
    return said.row->run({said.row->name, std::move(said.arguments), std::move(said.options),
                          environment, out, err, std::move(said.left_out)});
  std::optional<FoldedOutput> folded;
  if (const std::size_t width = screen_of(environment).width; width > 0 && tells_sentences(said))
    folded.emplace(out, width);
  std::ostream narrow(folded ? &*folded : out.rdbuf());
  Overheard out_buffer(narrow);
  Overheard err_buffer(err);
  std::ostream heard_out(&out_buffer);
  std::ostream heard_err(&err_buffer);
  heard_err << std::unitbuf;
  const int status =
      said.row->run({said.row->name, std::move(said.arguments), std::move(said.options),
                     environment, heard_out, heard_err, std::move(said.left_out)});
  if (status >= exit_usage && !out_buffer.told_error() && !err_buffer.told_error()) {
    const std::string why = without_tokens(err_buffer.said(), environment);
    tell_failure(environment, err,
                 {said.row->name, why.empty() ? "The log of this step says why" : why, {}, {}});
  }
  return status;
}

/// As a shell tells of a writer whose reader has gone.
constexpr int exit_reader_gone = 128 + SIGPIPE;

int tell_error(const std::string& command, const Environment& environment) {
  const auto say = [&](const std::string& told, const std::string& hint = {},
                       bool claim_may_stand = false) {
    const std::string message = brief(told);
    std::cerr << "refgate: " << escape_for(Place::line, message) << "\n";
    if (!hint.empty()) std::cerr << "  " << escape_for(Place::line, hint) << "\n";
    tell_failure(environment, std::cerr, {command, message, hint, {}, claim_may_stand});
  };
  try {
    throw;
  } catch (const UsageError& error) {
    say(without_tokens(error.what(), environment));
    return exit_usage;
  } catch (const StoreError& error) {
    say(error.what(), error.hint());
    return exit_store;
  } catch (const ClaimMayStand& error) {
    say(error.what(), {}, true);
    return error.exit();
  } catch (const OutputError& error) {
    if (error.error() == EPIPE) return exit_reader_gone;
    say(error.what());
    return exit_store;
  } catch (const std::exception& error) {
    say(std::string("internal error: ") + error.what());
    return exit_internal;
  }
}

}  // namespace

int run_main(int argc, char** argv) {
  reserve_standard_files();
  std::signal(SIGPIPE, SIG_IGN);
  // Inherited as ignored, it would take away what became of the processes that are started.
  std::signal(SIGCHLD, SIG_DFL);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const Environment environment = Environment::of_process();
  // Before anything can fail: whatever becomes of this process, the later steps' guards are closed.
  if (!words.empty() && gives_verdict(words.front())) close_guards(environment);
  const std::string command = words.empty() ? std::string() : words.front();
  CheckedOutput buffer(STDOUT_FILENO);
  std::ostream out(&buffer);
  if (::isatty(STDOUT_FILENO) == 1) out << std::unitbuf;
  try {
    const int status = run_command(words, environment, out, std::cerr);
    // What failed has said so already, and the status of `run` is its command's; an end of the
    // output changes nothing about that. A "no" that could not be written is none.
    if (status >= exit_usage || command == "run")
      out.flush();
    else
      flush_or_throw(out);
    return status;
  } catch (...) {
    out.flush();
    return tell_error(command, environment);
  }
}

}  // namespace refgate
