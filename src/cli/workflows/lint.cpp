#include "lint/run/lint.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <thread>

#include "call/commands.h"
#include "cli/workflows/disk_files.h"
#include "core/text/enum_name.h"
#include "core/words/brief.h"
#include "core/words/nearest.h"
#include "os/file/checked_output.h"
#include "os/trace.h"
#include "runner/runner.h"
#include "view/screen.h"

namespace refgate {
namespace {

constexpr std::array<EnumName<lint::Format>, 4> formats{{{lint::Format::text, "text"},
                                                         {lint::Format::json, "json"},
                                                         {lint::Format::sarif, "sarif"},
                                                         {lint::Format::github, "github"}}};
constexpr std::array<EnumName<lint::Severity>, 3> severities{{{lint::Severity::error, "error"},
                                                              {lint::Severity::warning, "warning"},
                                                              {lint::Severity::note, "note"}}};
constexpr std::array<EnumName<lint::FixKind>, 2> fixes{
    {{lint::FixKind::safe, "safe"}, {lint::FixKind::unsafe, "unsafe"}}};

// A terminal wants a sign of life only when there is a wait.
constexpr std::size_t worth_a_progress_line = 200;

/// Those that this process may run on: a container may have few of many, and threads that share
/// one only wait for each other.
unsigned usable_processors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
    return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

template <typename E, std::size_t N>
E chosen(const Invocation& call, const std::string& option, const std::array<EnumName<E>, N>& names,
         E fallback) {
  const std::string word = call.option(option);
  if (word.empty()) return fallback;
  if (const auto value = find_in(names, word)) return *value;
  std::string allowed;
  std::vector<std::string_view> words;
  for (const auto& row : names) {
    words.push_back(row.name);
    allowed += (allowed.empty() ? "" : ", ") + std::string(row.name);
  }
  const std::string_view near = nearest(word, words);
  throw UsageError("--" + option + " is \"" + word + "\", but must be one of " + allowed +
                   "; nothing was checked" +
                   (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
}

/// The disk, with the standard input in the place of one path.
lint::Files with_stdin(const lint::Files& files, const std::string& path, const std::string& text) {
  lint::Files both = files;
  both.read = [read = files.read, path, text](const std::string& wanted) {
    return wanted == path ? std::optional(text) : read(wanted);
  };
  both.kind = [kind = files.kind, path](const std::string& wanted) {
    return wanted == path ? lint::Files::Kind::file : kind(wanted);
  };
  return both;
}

/// Workflows, actions and the configuration come through one door, and are told there.
lint::Files told(const lint::Files& files) {
  lint::Files all = files;
  all.read = [read = files.read](const std::string& path) {
    auto text = read(path);
    trace([&] {
      return path +
             (text ? ": read, " + std::to_string(text->size()) + " bytes" : ": cannot be read");
    });
    return text;
  };
  return all;
}

std::string read_stdin() {
  std::string text(lint::max_document_bytes + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
  return text;
}

/// Words between commas.
std::vector<std::string> listed(const std::string& words) {
  std::vector<std::string> list;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(',', at), words.size());
    std::string word = words.substr(at, end - at);
    std::erase(word, ' ');
    if (!word.empty()) list.push_back(std::move(word));
    at = end + 1;
  }
  return list;
}

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// `-` among the paths: what an editor holds, under the name of its file if that is told.
void take_stdin(const Invocation& call, lint::LintRequest& request, lint::Files& files) {
  const auto dash = std::find(request.paths.begin(), request.paths.end(), "-");
  const std::string name = call.option("stdin-name");
  if (dash == request.paths.end()) {
    if (name.empty()) return;
    throw UsageError(
        "--stdin-name says what `-` is called, and no path is `-`; nothing was checked");
  }
  if (request.fix != lint::FixKind::none && !request.diff)
    throw UsageError(
        "the standard input cannot be changed: --fix goes with --diff there; nothing "
        "was checked");
  *dash = name.empty() ? std::string(lint::stdin_name) : name;
  files = with_stdin(files, *dash, read_stdin());
}

/// A line each; what was typed stands in them.
void tell_errors(const Invocation& call, std::string_view errors) {
  while (!errors.empty()) {
    const std::size_t end = std::min(errors.find('\n'), errors.size() - 1);
    call.err << "refgate: " << brief(errors.substr(0, end)) << errors.substr(end, 1);
    errors.remove_prefix(end + 1);
  }
}

}  // namespace

int command_lint(const Invocation& call) {
  lint::LintRequest request;
  request.paths = call.arguments;
  request.format = chosen(call, "format", formats, lint::Format::text);
  if (!call.option("min-severity").empty())
    request.min_severity = chosen(call, "min-severity", severities, lint::Severity::note);
  if (call.flag("fix")) request.fix = chosen(call, "fix", fixes, lint::FixKind::safe);
  request.diff = call.flag("diff");
  request.with_sarif = !call.option("sarif").empty();
  request.explain = call.option("explain");
  request.config = call.option("config");
  request.threads = usable_processors();
  request.colour = screen_of(call).colour;

  request.select = listed(call.option("select"));
  request.ignore = listed(call.option("ignore"));
  request.baseline = call.option("baseline");
  request.write_baseline = !call.option("write-baseline").empty();
  if (call.flag("select") && request.select.empty())
    throw UsageError("--select names no rule; nothing was checked");

  lint::LintSeams seams{disk_files(), replace_workflow_file, {}};
  seams.clock = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
  take_stdin(call, request, seams.files);
  if (is_traced()) seams.files = told(seams.files);
  std::optional<std::size_t> progress_shown;
  if (::isatty(STDERR_FILENO) == 1) {
    seams.progress = [&](std::size_t done, std::size_t total) {
      const std::size_t percent = done * 100 / total;
      if (total < worth_a_progress_line || progress_shown == percent) return;
      progress_shown = percent;
      call.err << "\rreading " << done << " of " << total << " files" << std::flush;
    };
  }
  const lint::LintOutcome outcome = lint::run_lint(request, seams);
  if (progress_shown) call.err << "\r\x1b[K";
  // Into a file or another program it goes as it is, so that it can be applied.
  if (request.diff && (::isatty(STDOUT_FILENO) == 1 || call.environment.in_actions()))
    for (const std::string& line : lines_in(outcome.output))
      call.out << escape_for(Place::line, line) << "\n";
  else
    call.out << outcome.output;
  tell_errors(call, outcome.errors);
  if (!outcome.sarif.empty())
    write_output_file("--sarif " + call.option("sarif"), call.option("sarif"), outcome.sarif);
  if (!outcome.baseline.empty()) {
    const std::string path = call.option("write-baseline");
    write_output_file("--write-baseline " + path, path, outcome.baseline);
  }
  return outcome.status;
}

}  // namespace refgate
