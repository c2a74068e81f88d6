#include "lint/run/ignore.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "lint/rule/rule.h"
#include "lint/text/nearest.h"
#include "lint/text/yaml_text.h"
#include "lint/workflow/glob.h"

namespace refgate::lint {
namespace {

constexpr std::string_view own_id = "unused-ignore";

/// One rule name of one comment.
struct Ignore {
  const IgnoreComment* comment;
  const IgnoreComment::Name* name;
  bool used = false;
};

bool says_nothing(std::string_view line) {
  const auto first = std::find_if_not(line.begin(), line.end(), is_blank);
  return first == line.end() || *first == '#';
}

/// `before`: what an earlier comment speaks of. All between the two says nothing when that lies
/// behind this comment, so that a block of comments is read through once.
std::uint32_t line_spoken_of(const Document& document, const IgnoreComment& comment,
                             std::uint32_t before) {
  if (!comment.own_line) return 0;
  if (before > comment.place.line) return before;
  std::uint32_t line = comment.place.line + 1;
  while (line < document.line_count() && says_nothing(document.line(line)))
    ++line;
  return line;
}

std::size_t indentation(std::string_view line) {
  return static_cast<std::size_t>(std::find_if_not(line.begin(), line.end(), is_blank) -
                                  line.begin());
}

/// The lines on which the entries of the mapping or list begin whose key the comment stands behind,
/// as in `on: # refgate: ignore[rule]`. Empty when there is no key, or a value before the comment.
std::vector<std::uint32_t> lines_held(const Document& document, const IgnoreComment& comment) {
  std::vector<std::uint32_t> lines;
  if (comment.own_line) return lines;
  const std::string_view line = document.line(comment.place.line);
  std::string_view before =
      line.substr(0, comment.place.begin - document.line_start(comment.place.line));
  while (!before.empty() && is_blank(before.back()))
    before.remove_suffix(1);
  if (!before.ends_with(':')) return lines;
  std::size_t own = indentation(line);
  while (line.substr(own).starts_with("- "))
    own += 2 + indentation(line.substr(own + 2));
  std::optional<std::size_t> entries;
  for (std::uint32_t at = comment.place.line + 1; at < document.line_count(); ++at) {
    const std::string_view text = document.line(at);
    if (says_nothing(text)) continue;
    const std::size_t here = indentation(text);
    // A list may stand as far left as its key.
    const bool inside = here > own || (here == own && text.substr(here).starts_with('-'));
    if (!inside || (entries && here < *entries)) break;
    if (!entries) entries = here;
    if (here == *entries) lines.push_back(at);
  }
  return lines;
}

/// The ignores of one file, and where they count.
struct FileIgnores {
  std::vector<Ignore> all;
  using AtLine = std::multimap<std::pair<std::string_view, std::uint32_t>, std::size_t>;
  AtLine written;    ///< by rule and the comment's own line
  AtLine spoken_of;  ///< by rule and the line that the comment speaks of
  /// The line of a comment behind a key, by the lines on which what the key holds begins.
  std::map<std::uint32_t, std::uint32_t> held;

  /// Marks those that a finding meets; false when there is none.
  bool use(const Finding& finding) {
    const Place& place = finding.location.place;
    bool found = false;
    const auto mark = [&](AtLine::iterator from, AtLine::iterator to) {
      for (; from != to; ++from)
        all[from->second].used = found = true;
    };
    mark(written.lower_bound({finding.rule, place.line}),
         written.upper_bound({finding.rule, place.end_line}));
    const auto [from, to] = spoken_of.equal_range({finding.rule, place.line});
    mark(from, to);
    if (const auto key = held.find(place.line); key != held.end()) {
      const auto [first, last] = written.equal_range({finding.rule, key->second});
      mark(first, last);
    }
    return found;
  }
};

/// The comment, with its line when nothing else stands there.
TextEdit without_comment(const Document& document, const IgnoreComment& comment) {
  const std::uint32_t line = document.line_start(comment.place.line);
  if (comment.own_line) return {line, document.line_start(comment.place.line + 1), ""};
  std::uint32_t begin = comment.place.begin;
  while (begin > line && is_blank(document.text()[begin - 1]))
    --begin;
  return {begin, comment.place.end, ""};
}

class Sifter {
 public:
  explicit Sifter(const LintConfig& config) : config_(config) {}

  void add_file(const FileRef& file) {
    FileIgnores& ignores = ignores_[std::string(file.file)];
    std::uint32_t spoken_of = 0;
    for (const IgnoreComment& comment : file.document->ignores()) {
      const std::uint32_t next_line = line_spoken_of(*file.document, comment, spoken_of);
      if (next_line != 0) spoken_of = next_line;
      for (const std::uint32_t line : lines_held(*file.document, comment))
        ignores.held.emplace(line, comment.place.line);
      for (const IgnoreComment::Name& name : comment.rules) {
        const std::size_t index = ignores.all.size();
        ignores.all.push_back({&comment, &name});
        ignores.written.insert({{name.rule, comment.place.line}, index});
        if (next_line != 0) ignores.spoken_of.insert({{name.rule, next_line}, index});
      }
    }
  }

  /// Sets the configured level. False when the finding is ignored.
  bool keep(Finding& finding) {
    const RuleConfig& rule = config_.rule(finding.rule);
    if (rule.level) {
      finding.severity = *rule.level;
    } else if (finding.generated && finding.severity != Severity::note) {
      finding.severity = finding.severity == Severity::error ? Severity::warning : Severity::note;
    }
    if (is_ignored_path(finding)) return false;
    const auto ignores = ignores_.find(finding.location.file);
    return ignores == ignores_.end() || !ignores->second.use(finding);
  }

  void report_unused(const FileRef& file, Sink& sink) const {
    for (const IgnoreComment& comment : file.document->ignores()) {
      if (!comment.rules.empty()) continue;
      sink.report(
          file, comment.place,
          "this comment ignores nothing; an ignore is written `# refgate: ignore[rule] reason`");
    }
    for (const Ignore& ignore : ignores_.at(std::string(file.file)).all) {
      const std::string& id = ignore.name->rule;
      std::string message;
      if (find_rule(id) == nullptr) {
        message = "no rule has this id: " + unknown_word(id, rule_ids());
      } else if (!ignore.used && is_on(id)) {
        message = "`" + id + "` finds nothing here, so there is nothing to ignore";
      } else {
        continue;
      }
      auto report = sink.report(file, ignore.name->place, message);
      if (ignore.comment->rules.size() == 1)
        report.fix(FixKind::safe, "Remove the comment",
                   {without_comment(*file.document, *ignore.comment)});
    }
  }

  /// Whether a rule ran: what a rule that is off would have found is not known.
  bool is_on(std::string_view id) const {
    const RuleConfig& rule = config_.rule(id);
    return !rule.off && (rule.on || find_rule(id)->on_by_default);
  }

 private:
  bool is_ignored_path(const Finding& finding) {
    const auto [found, is_new] = globs_.try_emplace(finding.rule);
    if (is_new) {
      for (const std::string& pattern : config_.rule(finding.rule).paths_ignore)
        found->second.emplace_back(pattern);
    }
    return std::any_of(found->second.begin(), found->second.end(),
                       [&](const Glob& glob) { return glob.matches(finding.location.file); });
  }

  const LintConfig& config_;
  std::map<std::string, FileIgnores, std::less<>> ignores_;
  std::map<std::string, std::vector<Glob>, std::less<>> globs_;
};

}  // namespace

Sifted sift(const Project& project, const LintConfig& config, std::vector<Finding> findings) {
  Sifter sifter(config);
  std::vector<FileRef> files;
  for (const Workflow& workflow : project.workflows()) {
    if (workflow.selected) files.emplace_back(workflow);
  }
  for (const Action& action : project.actions()) {
    if (action.selected) files.emplace_back(action);
  }
  for (const FileRef& file : files)
    sifter.add_file(file);

  Sifted sifted;
  const auto take = [&](std::vector<Finding>& from) {
    for (Finding& finding : from) {
      if (sifter.keep(finding)) {
        sifted.kept.push_back(std::move(finding));
      } else {
        ++sifted.ignored;
      }
    }
  };
  take(findings);
  if (sifter.is_on(own_id)) {
    std::vector<Finding> unused;
    for (const FileRef& file : files) {
      Sink sink(*find_rule(own_id), unused);
      sifter.report_unused(file, sink);
    }
    take(unused);
  }
  return sifted;
}

}  // namespace refgate::lint
