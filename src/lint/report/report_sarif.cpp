// SARIF 2.1.0 (OASIS), with what "SARIF support for code scanning" on GitHub asks for: rules with
// help, relative places, fingerprints.

#include <map>

#include "core/text/digest.h"
#include "core/text/json.h"
#include "lint/report/report.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view root_id = "%SRCROOT%";

/// A path as a URI reference (RFC 3986).
std::string uri_of(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string uri;
  for (const char byte : path) {
    if (unreserved.find(byte) != std::string_view::npos) {
      uri += byte;
    } else {
      const auto value = static_cast<unsigned char>(byte);
      uri += {'%', digits[value >> 4], digits[value & 15u]};
    }
  }
  return uri;
}

Json artifact_of(const std::string& file) {
  return {{"uri", uri_of(file)}, {"uriBaseId", root_id}};
}

Json region_of(const Place& place) {
  return {{"startLine", place.line},
          {"startColumn", place.column},
          {"endLine", place.end_line},
          {"endColumn", place.end_column}};
}

Json location_of(const Location& location) {
  return {
      {"physicalLocation",
       {{"artifactLocation", artifact_of(location.file)}, {"region", region_of(location.place)}}}};
}

Json rule_of(const Rule& rule) {
  const std::string page = explain_rule(rule.id).text;
  Json json = {{"id", rule.id},
               {"shortDescription", {{"text", rule.summary}}},
               {"help", {{"text", page}, {"markdown", page}}},
               {"defaultConfiguration",
                {{"level", name_of(rule.severity)}, {"enabled", rule.on_by_default}}},
               {"properties",
                {{"precision",
                  rule.confidence == Confidence::high ? "very-high" : name_of(rule.confidence)}}}};
  if (const std::string url = rule_url(rule.id); !url.empty()) json["helpUri"] = url;
  return json;
}

Json fix_of(const Finding& finding, const Fix& fix) {
  Json replacements = Json::array();
  for (const TextEdit& edit : fix.edits) {
    Json replacement = {{"deletedRegion", region_of(edit.place)}};
    if (!edit.replacement.empty()) replacement["insertedContent"] = {{"text", edit.replacement}};
    replacements.push_back(std::move(replacement));
  }
  const Json change = {{"artifactLocation", artifact_of(finding.location.file)},
                       {"replacements", std::move(replacements)}};
  return {{"description", {{"text", fix.description}}}, {"artifactChanges", Json::array({change})}};
}

/// The same for a finding whose lines moved, and another one for a second finding on an equal line.
std::string fingerprint(const Finding& finding, std::map<std::string, int>& seen) {
  std::string_view line = finding.location.line;
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
    line.remove_prefix(1);
  const std::string digest =
      sha256_hex(finding.rule + '\0' + finding.location.file + '\0' + std::string(line))
          .substr(0, 32);
  return digest + ":" + std::to_string(++seen[digest]);
}

Json result_of(const Finding& finding, std::size_t rule_index, std::map<std::string, int>& seen) {
  Json json = {{"ruleId", finding.rule},
               {"ruleIndex", rule_index},
               {"level", name_of(finding.severity)},
               {"message", {{"text", finding.message}}},
               {"locations", Json::array({location_of(finding.location)})},
               {"partialFingerprints", {{"refgate/v1", fingerprint(finding, seen)}}}};
  int id = 0;
  for (const Related& related : finding.related) {
    Json location = {{"id", ++id}};
    location.update(location_of(related.location));
    location["message"] = {{"text", related.message}};
    json["relatedLocations"].push_back(std::move(location));
  }
  for (const Fix& fix : finding.fixes)
    json["fixes"].push_back(fix_of(finding, fix));
  return json;
}

}  // namespace

std::string render_sarif(const std::vector<Finding>& findings, const ReportFacts&) {
  Json rows = Json::array();
  std::map<std::string_view, std::size_t> index;
  for (const Rule& rule : rules()) {
    index[rule.id] = rows.size();
    rows.push_back(rule_of(rule));
  }
  Json results = Json::array();
  std::map<std::string, int> seen;
  for (const Finding& finding : findings)
    results.push_back(result_of(finding, index.at(finding.rule), seen));

  const Json driver = {
      {"name", "refgate"}, {"semanticVersion", REFGATE_VERSION}, {"rules", std::move(rows)}};
  const Json base = {
      {std::string(root_id), {{"description", {{"text", "The top of the repository"}}}}}};
  const Json run = {{"tool", {{"driver", driver}}},
                    {"columnKind", "unicodeCodePoints"},
                    {"originalUriBaseIds", base},
                    {"results", std::move(results)}};
  const Json log = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({run})}};
  return shown_json(log, 2) + "\n";
}

}  // namespace refgate::lint
