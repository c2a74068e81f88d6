#include "lint/run/lint.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <thread>

#include "call/commands.h"
#include "cli/disk_files.h"
#include "core/text/enum_name.h"
#include "os/checked_output.h"

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
constexpr int exit_failed = 3;

template <typename E, std::size_t N>
E chosen(const Invocation& call, const std::string& option, const std::array<EnumName<E>, N>& names,
         E fallback) {
  const std::string word = call.option(option);
  if (word.empty()) return fallback;
  if (const auto value = find_in(names, word)) return *value;
  std::string allowed;
  for (const auto& row : names)
    allowed += (allowed.empty() ? "" : ", ") + std::string(row.name);
  throw UsageError("--" + option + " is \"" + word + "\", but must be one of " + allowed +
                   "; nothing was checked");
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
  request.threads = std::max(1u, std::thread::hardware_concurrency());
  request.colour = ::isatty(STDOUT_FILENO) == 1 && call.environment.get("NO_COLOR").empty() &&
                   call.environment.get("TERM") != "dumb";

  lint::LintSeams seams{disk_files(), replace_workflow_file, {}};
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
  call.out << outcome.output;
  call.err << outcome.errors;
  if (!outcome.sarif.empty())
    write_output_file("--sarif " + call.option("sarif"), call.option("sarif"), outcome.sarif);
  return outcome.status;
}

}  // namespace refgate
