// The pages of lint-rules/ are the rules' tests. Of each page:
//   the front matter equals the rule's row;
//   each ```yaml block below "## Bad" gives exactly the findings of this rule (and of `syntax`)
//   that its `# finding: id` comments mark, on their lines; a ```yaml fixed block right after it is
//   the text that the fixes leave, in which the rule finds nothing more; blocks below "## Good" and
//   "## Exceptions" give none, those below "## Good" none of any rule.
// A block of several files has a `# file: path` line above each; without one it is
// .github/workflows/example.yml. `.github/refgate.yml` configures.

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "catch.h"
#include "lint/finding/fix.h"
#include "lint/github/embedded.h"
#include "lint/rule/rule.h"
#include "lint/run/lint.h"
#include "memory_files.h"

namespace refgate::lint {
namespace {

constexpr std::string_view config_path = ".github/refgate.yml";

using Expected =
    std::multiset<std::tuple<std::string, std::uint32_t, std::string>>;  // file, line, rule

struct Example {
  std::string section;
  unsigned line = 0;  ///< of the page
  bool fixed = false;
  MemoryFiles files;  ///< without markers
  Expected expected;
};

void add_line(Example& example, std::string& file, std::string line) {
  constexpr std::string_view file_mark = "# file: ";
  constexpr std::string_view finding_mark = "# finding: ";
  if (line.starts_with(file_mark)) {
    file = line.substr(file_mark.size());
    example.files.texts[file];
    return;
  }
  std::string& text = example.files.texts[file];
  const std::size_t mark = line.find(finding_mark);
  if (mark != std::string::npos) {
    std::istringstream ids(line.substr(mark + finding_mark.size()));
    const auto number = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n') + 1);
    for (std::string id; ids >> id;)
      example.expected.emplace(file, number, id.ends_with(',') ? id.substr(0, id.size() - 1) : id);
    line.resize(mark);
    while (!line.empty() && line.back() == ' ')
      line.pop_back();
  }
  text += line + "\n";
}

std::vector<Example> examples_of(std::string_view page) {
  std::vector<Example> examples;
  std::istringstream lines{std::string(page)};
  std::string section;
  std::string file;
  bool inside = false;
  unsigned number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("```")) {
      inside = !inside && line.starts_with("```yaml");
      file = ".github/workflows/example.yml";
      if (inside) examples.push_back({section, number, line == "```yaml fixed", {}, {}});
    } else if (inside) {
      add_line(examples.back(), file, line);
    } else if (line.starts_with("## ")) {
      section = line.substr(3);
    }
  }
  return examples;
}

LintConfig config_of(const Example& example, std::string_view rule) {
  LintConfig config;
  const auto written = example.files.texts.find(std::string(config_path));
  if (written != example.files.texts.end()) {
    auto read = read_lint_config(written->second);
    if (const auto* problem = std::get_if<ConfigProblem>(&read)) FAIL(problem->message);
    config = std::get<LintConfig>(std::move(read));
  }
  // A page shows its rule at work, also when it is off by default.
  RuleConfig& own = config.rules[std::string(rule)];
  own.on = !own.off;
  return config;
}

Project project_of(const Example& example) {
  std::vector<std::string> paths;
  for (const auto& [path, text] : example.files.texts) {
    if (path != config_path) paths.push_back(path);
  }
  return example.files.project(paths);
}

/// Findings of the page's own rule and of `syntax`; what other rules say of an example is said on
/// their pages.
std::vector<Finding> findings_of(const Project& project, const LintConfig& config,
                                 std::string_view rule) {
  std::vector<Finding> findings = lint(project, config);
  std::erase_if(findings, [&](const Finding& finding) {
    return finding.rule != rule && finding.rule != "syntax";
  });
  return findings;
}

Expected places_of(const std::vector<Finding>& findings) {
  Expected places;
  for (const Finding& finding : findings)
    places.emplace(finding.location.file, finding.location.place.line, finding.rule);
  return places;
}

std::string listed(const Expected& places) {
  std::string text;
  for (const auto& [file, line, rule] : places)
    text += file + ":" + std::to_string(line) + " " + rule + "\n";
  return text;
}

void check_fixed(const Example& bad, const Example& fixed, const Rule& rule) {
  const LintConfig config = config_of(bad, rule.id);
  Project project = project_of(bad);
  for (const auto& [file, wanted] : fixed.files.texts) {
    const auto relint = [&, name = file](const std::string& text) {
      std::vector<Finding> findings = findings_of(project.with(name, text), config, rule.id);
      std::erase_if(findings,
                    [&](const Finding& finding) { return finding.location.file != name; });
      return findings;
    };
    const FixOutcome outcome = apply_fixes(bad.files.texts.at(file), rule.fix, relint);
    CHECK(outcome.text == wanted);
    CHECK(outcome.dropped == 0);
    project = project.with(file, outcome.text);
  }
  CHECK(listed(places_of(findings_of(project, config, rule.id))) == "");
}

std::string option_names(const Document& front) {
  std::string names;
  for (const Entry& option : front.root()["options"].entries())
    names += (names.empty() ? "" : " ") + std::string(option.key.text());
  return names;
}

std::map<std::string, std::size_t> counted(const std::vector<Finding>& findings) {
  std::map<std::string, std::size_t> counts;
  for (const Finding& finding : findings)
    ++counts[finding.rule];
  return counts;
}

/// The files of the bad example, those that the fixed one shows as it shows them.
Example fixed_by(Example bad, const Example& fixed) {
  for (const auto& [file, text] : fixed.files.texts)
    bad.files.texts[file] = text;
  return bad;
}

}  // namespace

TEST_CASE("each rule has a page and each page a rule") {
  std::set<std::string_view> pages;
  for (const EmbeddedFile& page : embedded_rule_pages())
    pages.insert(page.name);
  std::set<std::string_view> ids;
  for (const Rule& rule : rules())
    ids.insert(rule.id);
  CHECK(pages == ids);
  CHECK(std::is_sorted(rules().begin(), rules().end(),
                       [](const Rule& left, const Rule& right) { return left.id < right.id; }));
}

TEST_CASE("the front matter of a page is the row of its rule") {
  for (const Rule& rule : rules()) {
    INFO(rule.id);
    const std::string page(rule_page(rule.id));
    const std::size_t end = page.find("\n---\n");
    REQUIRE(page.starts_with("---\n"));
    REQUIRE(end != std::string::npos);
    const auto read = read_document(page.substr(4, end - 3));
    REQUIRE(std::holds_alternative<Document>(read));
    const Document& front = std::get<Document>(read);
    CHECK(front.root()["id"].text() == rule.id);
    CHECK(front.root()["severity"].text() == name_of(rule.severity));
    CHECK(front.root()["confidence"].text() == name_of(rule.confidence));
    CHECK(front.root()["default"].text() == (rule.on_by_default ? "on" : "off"));
    CHECK(front.root()["fix"].text() == name_of(rule.fix));
    CHECK(option_names(front) == rule.options);
    CHECK(page.find("\n# " + std::string(rule.id) + "\n\n" + std::string(rule.summary) + ".\n") !=
          std::string::npos);
  }
}

TEST_CASE("each page says why, and shows bad, good and exceptional workflows") {
  for (const Rule& rule : rules()) {
    INFO(rule.id);
    const std::string_view page = rule_page(rule.id);
    std::map<std::string, int> examples;
    for (const Example& example : examples_of(page))
      ++examples[example.section + (example.fixed ? " fixed" : "")];
    CHECK(page.find("\n## Why\n") != std::string_view::npos);
    CHECK(examples["Bad"] >= 1);
    CHECK(examples["Good"] >= 1);
    CHECK(examples["Exceptions"] >= 1);
    CHECK((examples["Bad fixed"] >= 1) == (rule.fix != FixKind::none));
  }
}

TEST_CASE("the examples of each page give exactly the findings that they mark") {
  for (const Rule& rule : rules()) {
    for (const Example& example : examples_of(rule_page(rule.id))) {
      INFO(rule.id << ".md:" << example.line);
      const std::vector<Finding> findings =
          findings_of(project_of(example), config_of(example, rule.id), rule.id);
      CHECK(listed(places_of(findings)) == listed(example.expected));
      CHECK((example.section == "Bad" && !example.fixed) == !example.expected.empty());
    }
  }
}

TEST_CASE(
    "the fixes of each page's bad examples leave the text that the page shows, and nothing to "
    "find") {
  for (const Rule& rule : rules()) {
    const std::vector<Example> examples = examples_of(rule_page(rule.id));
    for (std::size_t index = 0; index < examples.size(); ++index) {
      if (!examples[index].fixed) continue;
      INFO(rule.id << ".md:" << examples[index].line);
      REQUIRE(index > 0);
      REQUIRE(examples[index].section == "Bad");
      check_fixed(examples[index - 1], examples[index], rule);
    }
  }
}

TEST_CASE("a fix leaves no finding of any rule that was not there before") {
  for (const Rule& rule : rules()) {
    const std::vector<Example> examples = examples_of(rule_page(rule.id));
    for (std::size_t index = 1; index < examples.size(); ++index) {
      if (!examples[index].fixed) continue;
      INFO(rule.id << ".md:" << examples[index].line);
      const LintConfig config = config_of(examples[index - 1], rule.id);
      const auto before = counted(lint(project_of(examples[index - 1]), config));
      const auto after =
          counted(lint(project_of(fixed_by(examples[index - 1], examples[index])), config));
      for (const auto& [id, count] : after) {
        INFO(id << " " << count);
        CHECK((before.contains(id) && count <= before.at(id)));
      }
    }
  }
}

TEST_CASE("the safe fixes of each bad example leave no finding of any rule that was not there") {
  for (const Rule& rule : rules()) {
    for (const Example& example : examples_of(rule_page(rule.id))) {
      if (example.section != "Bad" || example.fixed) continue;
      INFO(rule.id << ".md:" << example.line);
      const LintConfig config = config_of(example, rule.id);
      Project project = project_of(example);
      const auto before = counted(lint(project, config));
      for (const auto& [file, text] : example.files.texts) {
        if (file == config_path) continue;
        const auto relint = [&, name = file](const std::string& changed) {
          std::vector<Finding> findings = lint(project.with(name, changed), config);
          std::erase_if(findings,
                        [&](const Finding& finding) { return finding.location.file != name; });
          return findings;
        };
        project = project.with(file, apply_fixes(text, FixKind::safe, relint).text);
      }
      for (const auto& [id, count] : counted(lint(project, config))) {
        INFO(id << " " << count);
        CHECK((before.contains(id) && count <= before.at(id)));
      }
    }
  }
}

TEST_CASE("a good example gives nothing to any rule") {
  for (const Rule& rule : rules()) {
    for (const Example& example : examples_of(rule_page(rule.id))) {
      if (example.section != "Good") continue;
      INFO(rule.id << ".md:" << example.line);
      for (const Finding& finding : lint(project_of(example), config_of(example, rule.id))) {
        FAIL_CHECK(finding.location.file << ":" << finding.location.place.line << " "
                                         << finding.rule << ": " << finding.message);
      }
    }
  }
}

TEST_CASE("all pages name one version of the action") {
  std::set<std::string> versions;
  for (const Rule& rule : rules()) {
    const std::string page(rule_page(rule.id));
    for (const char* mark : {" refgate/refgate@", "/gated.yml@"}) {
      for (std::size_t at = page.find(mark); at != std::string::npos;
           at = page.find(mark, at + 1)) {
        const std::size_t begin = page.find('@', at) + 1;
        versions.insert(page.substr(begin, page.find_first_of(" \n`'\"", begin) - begin));
      }
    }
  }
  CHECK(versions == std::set<std::string>{"v" REFGATE_VERSION});
}

}  // namespace refgate::lint
