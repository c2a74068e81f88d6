// "Workflow commands for GitHub Actions": `%`, CR and LF are escaped in the message, and `:` and
// `,` in properties as well. A step shows ten annotations.

#include <algorithm>
#include <string>

#include "core/words/sentence.h"
#include "lint/report/report.h"
#include "lint/text/printable.h"

namespace refgate::lint {
namespace {

constexpr std::size_t shown_annotations = 10;

/// `text` as a value of a workflow command. Its line ends stay, as the command's escapes.
std::string escaped(std::string_view text, bool property) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("%\r\n:,"), text.size());
    result += printable(text.substr(0, end));
    text.remove_prefix(end);
    if (text.empty()) break;
    const char mark = text.front();
    text.remove_prefix(1);
    if (mark == '%')
      result += "%25";
    else if (mark == '\r')
      result += "%0D";
    else if (mark == '\n')
      result += "%0A";
    else if (!property)
      result += mark;
    else
      result += mark == ':' ? "%3A" : "%2C";
  }
  return result;
}

std::string_view command_of(Severity severity) {
  return severity == Severity::note ? "notice" : name_of(severity);
}

std::string annotation(const Finding& finding) {
  const Place& place = finding.location.place;
  std::string line =
      "::" + std::string(command_of(finding.severity)) +
      " file=" + escaped(finding.location.file, true) + ",line=" + std::to_string(place.line) +
      ",endLine=" + std::to_string(place.end_line) + ",col=" + std::to_string(place.column);
  // A column of another line than the first one is not shown, and may lie before the first column.
  if (place.end_line == place.line) line += ",endColumn=" + std::to_string(place.end_column);
  return line + ",title=" + escaped("refgate: " + finding.rule, true) +
         "::" + escaped(capitalised(finding.message), false) + "\n";
}

/// A line of the log that can be no command, since it begins with a word of ours.
std::string plain_line(const Finding& finding) {
  const Place& place = finding.location.place;
  return std::string(name_of(finding.severity)) + ": " + printable(finding.location.file) + ":" +
         std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
         printable(finding.message) + " [" + finding.rule + "]\n";
}

}  // namespace

std::string render_github(const std::vector<Finding>& findings, const ReportFacts& facts) {
  std::vector<const Finding*> order;
  for (const Finding& finding : findings)
    order.push_back(&finding);
  std::stable_sort(order.begin(), order.end(), [](const Finding* left, const Finding* right) {
    return left->severity > right->severity;
  });
  std::string text;
  for (std::size_t index = 0; index < order.size(); ++index)
    text += index < shown_annotations ? annotation(*order[index]) : plain_line(*order[index]);
  if (order.size() > shown_annotations) {
    text += std::to_string(order.size() - shown_annotations) +
            " more are listed above without an annotation, since GitHub shows " +
            std::to_string(shown_annotations) + " a step\n";
  }
  return text + gone_lines(facts) + summary_line(findings, facts);
}

}  // namespace refgate::lint
