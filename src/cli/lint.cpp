#include "lint/run/lint.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "call/commands.h"
#include "core/text/enum_name.h"

namespace refgate {
namespace {

namespace fs = std::filesystem;

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

/// At most one byte more than a document may have. The text is as large as the file, not as the
/// bound: a run holds many of them at a time.
std::optional<std::string> read_bounded(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (!file || error) return std::nullopt;
  std::string text(
      static_cast<std::size_t>(std::min<std::uintmax_t>(size, lint::max_document_bytes + 1)), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

lint::Files disk() {
  lint::Files files;
  files.read = read_bounded;
  files.list = [](const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, error))
      if (entry.is_regular_file(error)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  };
  files.kind = [](const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path.empty() ? "." : path, error);
    if (fs::is_directory(status)) return lint::Files::Kind::folder;
    return fs::is_regular_file(status) ? lint::Files::Kind::file : lint::Files::Kind::missing;
  };
  return files;
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

/// All or nothing: a workflow is never left half written.
bool replace_file(const std::string& path, const std::string& text) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error) return false;
  const fs::path fresh = target.string() + ".refgate-" + std::to_string(::getpid());
  if (!write_file(fresh, text)) return fs::remove(fresh, error), false;
  fs::permissions(fresh, fs::status(target, error).permissions(), error);
  fs::rename(fresh, target, error);
  return !error;
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
  request.colour = &call.out == &std::cout && ::isatty(STDOUT_FILENO) == 1 &&
                   call.environment.get("NO_COLOR").empty() &&
                   call.environment.get("TERM") != "dumb";

  lint::LintSeams seams{disk(), replace_file, {}};
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
  if (!outcome.sarif.empty() && !write_file(call.option("sarif"), outcome.sarif)) {
    call.err << call.option("sarif") << ": the SARIF file cannot be written\n";
    return exit_failed;
  }
  return outcome.status;
}

}  // namespace refgate
