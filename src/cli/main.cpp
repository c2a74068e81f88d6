#include "cli/main.h"

#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "runner/runner.h"

namespace refgate {
namespace {

/// A token that somebody put on the command line must not get into a log as well.
std::string without_tokens(std::string text, const Environment& environment) {
  for (const char* name : {"REFGATE_TOKEN", "GITHUB_TOKEN"}) {
    const std::string token = environment.get(name);
    if (token.empty()) continue;
    for (std::size_t at = text.find(token); at != std::string::npos; at = text.find(token, at + 3))
      text.replace(at, token.size(), "***");
  }
  return text;
}

/// What was typed stands in it, so each line is escaped by itself.
void print_lines(std::ostream& err, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    err << escape_for(Place::line, text.substr(0, end)) << "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// A misspelt setting would otherwise be ignored in silence where most people set it.
void warn_of_unread_variables(const Environment& environment, std::ostream& err) {
  std::vector<std::string> names;
  for (const auto& [name, value] : environment.variables())
    if (name.starts_with("REFGATE_") && !value.empty()) names.push_back(name);
  for (const std::string& line : unread_variables(names))
    err << "refgate: warning: " << escape_for(Place::line, line) << "\n";
}

int run_command(const std::vector<std::string>& words, const Environment& environment,
                std::ostream& out, std::ostream& err) {
  auto read = read_command_line(words);
  if (const Reply* reply = std::get_if<Reply>(&read)) {
    if (reply->exit == exit_done)
      out << reply->text;
    else
      print_lines(err, without_tokens(reply->text, environment));
    return reply->exit;
  }
  Said& said = std::get<Said>(read);
  if (!said.row->settings.empty()) warn_of_unread_variables(environment, err);
  return said.row->run(
      {said.row->name, std::move(said.arguments), std::move(said.options), environment, out, err});
}

}  // namespace

int run_main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // Inherited as ignored, it would take away what became of the processes that are started.
  std::signal(SIGCHLD, SIG_DFL);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const Environment environment = Environment::of_process();
  // Before anything can fail: whatever becomes of this process, the later steps' guards are closed.
  if (!words.empty() &&
      (words.front() == "gate" || words.front() == "check" || words.front() == "run"))
    close_guards(environment);
  try {
    const int status = run_command(words, environment, std::cout, std::cerr);
    std::cout.flush();
    return status;
  } catch (const UsageError& error) {
    std::cerr << "refgate: " << escape_for(Place::line, without_tokens(error.what(), environment))
              << "\n";
    return exit_usage;
  } catch (const StoreError& error) {
    return report(std::cerr, error);
  } catch (const std::exception& error) {
    std::cerr << "refgate: internal error: " << escape_for(Place::line, error.what()) << "\n";
    return exit_internal;
  }
}

}  // namespace refgate
