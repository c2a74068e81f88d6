#include "lint/report/report.h"

#include <array>
#include <cstdio>
#include <set>

#include "lint/text/printable.h"

namespace refgate::lint {
namespace {

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string levels_of(const std::vector<Finding>& findings) {
  std::array<std::size_t, 3> counts{};
  for (const Finding& finding : findings)
    ++counts[static_cast<std::size_t>(finding.severity)];
  std::string levels;
  for (const Severity severity : {Severity::error, Severity::warning, Severity::note}) {
    const std::size_t count = counts[static_cast<std::size_t>(severity)];
    if (count == 0) continue;
    const std::string name(name_of(severity));
    levels += (levels.empty() ? "" : ", ") + counted(count, name, name + "s");
  }
  return levels;
}

}  // namespace

std::string summary_line(const std::vector<Finding>& findings, const ReportFacts& facts) {
  std::string line;
  if (facts.files == 0 && facts.named > 0) {
    line = "0 workflows among " + counted(facts.named, "file", "files");
  } else if (findings.empty()) {
    line = "nothing found in " + counted(facts.files, "file", "files");
  } else {
    std::set<std::string_view> files;
    for (const Finding& finding : findings)
      files.insert(finding.location.file);
    line = levels_of(findings) + " in " + std::to_string(files.size()) + " of " +
           counted(facts.files, "file", "files");
  }
  if (facts.ignored != 0) line += ", " + std::to_string(facts.ignored) + " ignored";
  if (facts.known != 0) line += ", " + std::to_string(facts.known) + " known";
  if (facts.seconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), " (%.2f s)", *facts.seconds);
    line += text.data();
  }
  return line + "\n";
}

std::string gone_lines(const ReportFacts& facts) {
  std::string lines;
  for (const GoneFinding& gone : facts.gone) {
    lines += "gone: " + printable(gone.file) + ": " + printable(gone.line) + " [" +
             printable(gone.rule) + "]" +
             (gone.count == 1 ? "" : " (" + std::to_string(gone.count) + " times)") + "\n";
  }
  if (!lines.empty())
    lines += "the baseline names what is no longer found; --write-baseline writes it anew\n";
  return lines;
}

std::string render(Format format, const std::vector<Finding>& findings, const ReportFacts& facts) {
  switch (format) {
    case Format::json:
      return render_json(findings, facts);
    case Format::sarif:
      return render_sarif(findings, facts);
    case Format::github:
      return render_github(findings, facts);
    case Format::text:
      break;
  }
  return render_text(findings, facts);
}

}  // namespace refgate::lint
