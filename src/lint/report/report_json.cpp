#include <array>

#include "core/text/json.h"
#include "lint/report/report.h"

namespace refgate::lint {
namespace {

using Json = nlohmann::ordered_json;

Json place_of(const Location& location) {
  const Place& place = location.place;
  return {{"file", location.file},
          {"line", place.line},
          {"column", place.column},
          {"endLine", place.end_line},
          {"endColumn", place.end_column},
          {"byteOffset", place.begin},
          {"byteLength", place.end - place.begin}};
}

Json finding_of(const Finding& finding) {
  Json json = {{"rule", finding.rule},
               {"severity", name_of(finding.severity)},
               {"confidence", name_of(finding.confidence)},
               {"message", finding.message}};
  json.update(place_of(finding.location));
  json["generated"] = finding.generated;
  json["related"] = Json::array();
  for (const Related& related : finding.related) {
    Json part = {{"message", related.message}};
    part.update(place_of(related.location));
    json["related"].push_back(std::move(part));
  }
  json["fixes"] = Json::array();
  for (const Fix& fix : finding.fixes) {
    Json edits = Json::array();
    for (const TextEdit& edit : fix.edits) {
      edits.push_back({{"byteOffset", edit.begin},
                       {"byteLength", edit.end - edit.begin},
                       {"replacement", edit.replacement}});
    }
    json["fixes"].push_back({{"kind", name_of(fix.kind)},
                             {"description", fix.description},
                             {"edits", std::move(edits)}});
  }
  return json;
}

}  // namespace

std::string render_json(const std::vector<Finding>& findings, const ReportFacts& facts) {
  std::array<std::size_t, 3> counts{};
  Json list = Json::array();
  for (const Finding& finding : findings) {
    ++counts[static_cast<std::size_t>(finding.severity)];
    list.push_back(finding_of(finding));
  }
  Json gone = Json::array();
  for (const GoneFinding& each : facts.gone) {
    gone.push_back(
        {{"file", each.file}, {"rule", each.rule}, {"line", each.line}, {"count", each.count}});
  }
  const Json report = {
      {"version", 1},         {"files", facts.files},        {"ignored", facts.ignored},
      {"known", facts.known}, {"errors", counts[2]},         {"warnings", counts[1]},
      {"notes", counts[0]},   {"findings", std::move(list)}, {"gone", std::move(gone)}};
  return shown_json(report, 2) + "\n";
}

}  // namespace refgate::lint
