#include "lint/report/report.h"

namespace refgate::lint {

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
