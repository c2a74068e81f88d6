#include "lint/run/baseline.h"

#include <algorithm>

#include "core/text/json.h"

namespace refgate::lint {
namespace {

using Json = nlohmann::ordered_json;

std::string trimmed(std::string_view line) {
  const auto is_blank = [](char letter) { return letter == ' ' || letter == '\t'; };
  while (!line.empty() && is_blank(line.front()))
    line.remove_prefix(1);
  while (!line.empty() && is_blank(line.back()))
    line.remove_suffix(1);
  return std::string(line);
}

bool is_text(const Json& row, const char* name) {
  return row.contains(name) && row[name].is_string();
}

}  // namespace

Baseline::Key Baseline::key_of(const Finding& finding) {
  return {finding.location.file, finding.rule, trimmed(finding.location.line)};
}

Baseline::Baseline(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings)
    ++counts_[key_of(finding)];
}

std::size_t Baseline::size() const {
  std::size_t all = 0;
  for (const auto& [key, count] : counts_)
    all += count;
  return all;
}

std::string Baseline::text() const {
  std::string text = "{\"version\": 1, \"findings\": [";
  const char* between = "\n  ";
  for (const auto& [key, count] : counts_) {
    const auto& [file, rule, line] = key;
    const Json row = {{"file", file}, {"rule", rule}, {"line", line}, {"count", count}};
    text += between + row.dump(-1, ' ', false, Json::error_handler_t::replace);
    between = ",\n  ";
  }
  return text + (counts_.empty() ? "]}\n" : "\n]}\n");
}

std::variant<Baseline, std::string> read_baseline(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("version") || !json.contains("findings") ||
      !json["findings"].is_array())
    return std::string("this is no baseline; write one with --write-baseline FILE");
  if (json["version"] != 1) return std::string("this baseline is of a newer version");
  Baseline baseline;
  for (const Json& row : json["findings"]) {
    if (!row.is_object() || !is_text(row, "file") || !is_text(row, "rule") || !is_text(row, "line"))
      return std::string("an entry of the baseline has no `file`, `rule` or `line`");
    const bool counted = row.contains("count") && row["count"].is_number_unsigned();
    baseline.counts_[{row["file"], row["rule"], row["line"]}] +=
        counted ? row["count"].get<std::size_t>() : 1;
  }
  return baseline;
}

}  // namespace refgate::lint
