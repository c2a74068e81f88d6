#include <algorithm>
#include <string>

#include "core/words/shown_width.h"
#include "lint/report/report.h"
#include "lint/text/printable.h"

namespace refgate::lint {
namespace {

constexpr std::size_t widest_excerpt = 140;

struct Paint {
  bool on;
  std::string operator()(std::string_view code, std::string_view text) const {
    return on ? "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m"
              : std::string(text);
  }
};

std::string_view colour_of(Severity severity) {
  return severity == Severity::error ? "1;31" : severity == Severity::warning ? "1;33" : "1;36";
}

std::string where(const Location& location) {
  return printable(location.file) + ":" + std::to_string(location.place.line) + ":" +
         std::to_string(location.place.column);
}

/// The part of a text from one code point to another.
std::string_view slice(std::string_view text, std::size_t from, std::size_t to) {
  std::size_t index = 0;
  std::size_t begin = text.size();
  std::size_t end = text.size();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u) continue;
    if (index == from) begin = at;
    if (index == to) end = at;
    ++index;
  }
  return text.substr(begin, std::max(begin, end) - begin);
}

/// The line and a caret under the span, in columns of a terminal; of a long line the part around
/// the span.
std::string excerpt(const Location& location, Severity severity, const Paint& paint) {
  const std::string line = printable(location.line);
  const std::size_t length = length_of(line);
  const std::size_t column = location.place.column - 1;
  if (column > length) return {};
  const std::size_t first =
      column > widest_excerpt / 2 && length > widest_excerpt ? column - widest_excerpt / 2 : 0;
  const std::size_t last = std::min(length, first + widest_excerpt);
  const std::size_t end =
      location.place.end_line == location.place.line ? location.place.end_column - 1 : length;
  const std::string number = std::to_string(location.place.line);
  const std::string gutter(number.size() + 2, ' ');
  const std::size_t before = shown_width(slice(line, first, column));
  const std::size_t marks = std::max<std::size_t>(
      1, shown_width(slice(line, column, std::max(column, std::min(end, last)))));
  return " " + paint("2", number + " |") + " " + std::string(slice(line, first, last)) + "\n" +
         gutter + paint("2", "|") + std::string(before + 1, ' ') +
         paint(colour_of(severity), "^" + std::string(marks - 1, '~')) + "\n";
}

}  // namespace

std::string render_text(const std::vector<Finding>& findings, const ReportFacts& facts) {
  const Paint paint{facts.colour};
  std::string text;
  for (const Finding& finding : findings) {
    text += paint("1", where(finding.location)) + ": " +
            paint(colour_of(finding.severity), name_of(finding.severity)) + ": " +
            printable(finding.message) + " [" + finding.rule + "]\n" +
            excerpt(finding.location, finding.severity, paint);
    for (const Related& related : finding.related)
      text += "  " + where(related.location) + ": " + printable(related.message) + "\n";
    for (const Fix& fix : finding.fixes) {
      text += "  fix: " + printable(fix.description) +
              (fix.kind == FixKind::unsafe ? " (--fix=unsafe)" : " (--fix)") + "\n";
    }
    text += "\n";
  }
  return text + gone_lines(facts) + summary_line(findings, facts);
}

}  // namespace refgate::lint
