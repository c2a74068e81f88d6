#include "lint/rule/rule.h"

#include <algorithm>
#include <utility>

#include "lint/github/embedded.h"
#include "lint/text/nearest.h"

namespace refgate::lint {
namespace {

constexpr std::size_t longest_excerpt = 400;

Location location_of(const FileRef& file, const Place& place) {
  std::string_view line = file.document->line(place.line);
  std::size_t length = std::min(line.size(), longest_excerpt);
  while (length > 0 && length < line.size() &&
         (static_cast<unsigned char>(line[length]) & 0xC0u) == 0x80u)
    --length;
  return {std::string(file.file), place, std::string(line.substr(0, length))};
}

/// The page after its front matter.
std::string_view body_of(std::string_view page) {
  constexpr std::string_view fence = "---\n";
  if (!page.starts_with(fence)) return page;
  const std::size_t end = page.find("\n---\n", fence.size());
  if (end == std::string_view::npos) return page;
  page.remove_prefix(end + 5);
  while (page.starts_with('\n'))
    page.remove_prefix(1);
  return page;
}

}  // namespace

Sink::~Sink() {
  if (reported_ > max_reports && !findings_.empty()) {
    findings_.back().message +=
        " (" + std::to_string(reported_ - max_reports) + " more of this rule are not listed)";
  }
}

Sink::Report Sink::report(const FileRef& file, const Place& place, std::string message) {
  const bool fresh = known_
                         .insert(std::string(file.file) + ":" + std::to_string(place.begin) + ":" +
                                 std::to_string(place.end) + ":" + message)
                         .second;
  const bool full = fresh && ++reported_ > max_reports;
  if (full || !fresh) overflow_ = {};
  Finding& finding = full || !fresh ? overflow_ : findings_.emplace_back();
  finding.rule = rule_.id;
  finding.severity = rule_.severity;
  finding.confidence = rule_.confidence;
  finding.message = std::move(message);
  finding.location = location_of(file, place);
  finding.generated = file.generated;
  return {finding, file.document};
}

Sink::Report Sink::report(const FileRef& file, YamlNode node, std::string message) {
  return report(file, node.place(), std::move(message));
}

Sink::Report& Sink::Report::confidence(Confidence value) {
  finding_.confidence = value;
  return *this;
}

Sink::Report& Sink::Report::severity(Severity value) {
  finding_.severity = value;
  return *this;
}

Sink::Report& Sink::Report::related(const FileRef& file, const Place& place, std::string message) {
  finding_.related.push_back({location_of(file, place), std::move(message)});
  return *this;
}

Sink::Report& Sink::Report::related(const FileRef& file, YamlNode node, std::string message) {
  return related(file, node.place(), std::move(message));
}

Sink::Report& Sink::Report::fix(FixKind kind, std::string description,
                                std::vector<TextEdit> edits) {
  if (edits.empty() || kind == FixKind::none) return *this;
  for (TextEdit& edit : edits)
    edit.place = document_->place(edit.begin, edit.end);
  finding_.fixes.push_back({kind, std::move(description), std::move(edits)});
  return *this;
}

const Rule* find_rule(std::string_view id) {
  const auto found =
      std::find_if(rules().begin(), rules().end(), [&](const Rule& rule) { return rule.id == id; });
  return found == rules().end() ? nullptr : &*found;
}

std::vector<std::string_view> rule_ids() {
  std::vector<std::string_view> ids;
  for (const Rule& rule : rules())
    ids.push_back(rule.id);
  return ids;
}

std::string_view rule_page(std::string_view id) {
  const auto pages = embedded_rule_pages();
  const auto found = std::find_if(pages.begin(), pages.end(),
                                  [&](const EmbeddedFile& file) { return file.name == id; });
  return found == pages.end() || find_rule(id) == nullptr ? std::string_view() : found->text;
}

Explanation explain_rule(std::string_view id) {
  const Rule* rule = find_rule(id);
  if (rule == nullptr) return {false, "no rule has this id: " + unknown_word(id, rule_ids())};
  std::string text(rule->id);
  text += ": " + std::string(name_of(rule->severity)) + ", confidence " +
          std::string(name_of(rule->confidence)) +
          (rule->on_by_default ? ", on by default" : ", off by default");
  if (rule->fix != FixKind::none) text += ", with " + std::string(name_of(rule->fix)) + " fixes";
  return {true, text + "\n\n" + std::string(body_of(rule_page(id)))};
}

std::string rule_url(std::string_view id) {
  constexpr std::string_view homepage = REFGATE_HOMEPAGE;
  return homepage.empty()
             ? std::string()
             : std::string(homepage) + "/blob/main/lint-rules/" + std::string(id) + ".md";
}

}  // namespace refgate::lint
