#include "lint/run/ignore.h"

#include "catch.h"
#include "lint/run/lint.h"
#include "memory_files.h"

namespace refgate::lint {
namespace {

constexpr const char* file = ".github/workflows/a.yml";

LintResult lint_text(const std::string& text, const std::string& config_text = "") {
  MemoryFiles files;
  files.texts[file] = text;
  const auto config = read_lint_config(config_text);
  REQUIRE(std::holds_alternative<LintConfig>(config));
  return lint_project(files.project(), std::get<LintConfig>(config));
}

std::string shown(const LintResult& result) {
  std::string text;
  for (const Finding& finding : result.findings) {
    text += std::to_string(finding.location.place.line) + " " + finding.rule + " " +
            std::string(name_of(finding.severity)) + ";";
  }
  return text + " " + std::to_string(result.ignored);
}

}  // namespace

TEST_CASE("a comment ignores the finding on its line, or on the next line that says something") {
  CHECK(shown(lint_text("on: [push, push]\njobs: {}\n")) == "1 duplicate-entry warning; 0");
  CHECK(shown(lint_text("on: [push, push] # refgate: ignore[duplicate-entry] so\njobs: {}\n")) ==
        " 1");
  CHECK(shown(lint_text(
            "# refgate: ignore[duplicate-entry]\n\n# more\non: [push, push]\njobs: {}\n")) == " 1");
  CHECK(shown(lint_text(
            "on:\n  [push,\n    push] # refgate: ignore[duplicate-entry]\njobs: {}\n")) == " 1");
}

TEST_CASE("a comment elsewhere, or for another rule, ignores nothing and is reported") {
  CHECK(shown(lint_text("on: [push, push]\njobs: {} # refgate: ignore[duplicate-entry]\n")) ==
        "1 duplicate-entry warning;2 unused-ignore warning; 0");
  CHECK(shown(lint_text("on: [push, push] # refgate: ignore[syntax]\njobs: {}\n")) ==
        "1 duplicate-entry warning;1 unused-ignore warning; 0");
  CHECK(shown(lint_text("on: push # refgate: ignore[duplicate-entry]\n# x\non: pull_request\n")) ==
        "1 unused-ignore warning;3 duplicate-entry error; 0");
}

TEST_CASE("each name of a comment is judged by itself") {
  const LintResult result = lint_text(
      "on: [push, push] # refgate: ignore[duplicate-entry, duplicate-entri, syntax]\njobs: {}\n");
  REQUIRE(result.findings.size() == 2);
  CHECK(result.findings[0].message.find("did you mean `duplicate-entry`?") != std::string::npos);
  CHECK(result.findings[1].message.find("`syntax` finds nothing here") != std::string::npos);
}

TEST_CASE("the configuration turns rules off, sets levels and leaves out paths") {
  const std::string text = "on: [push, push]\njobs: {}\n";
  CHECK(shown(lint_text(text, "rules: {duplicate-entry: off}")) == " 0");
  CHECK(shown(lint_text(text, "rules: {duplicate-entry: error}")) == "1 duplicate-entry error; 0");
  CHECK(shown(lint_text(text, "rules: {duplicate-entry: {level: note}}")) ==
        "1 duplicate-entry note; 0");
  CHECK(shown(lint_text(text, "rules: {duplicate-entry: {paths-ignore: '.github/**/a.yml'}}")) ==
        " 1");
  CHECK(shown(lint_text(text, "rules: {duplicate-entry: {paths-ignore: ['*.yml']}}")) ==
        "1 duplicate-entry warning; 0");
  CHECK(shown(lint_text("on: push # refgate: ignore[duplicate-entry]\njobs: {}\n",
                        "rules: {unused-ignore: off}")) == " 0");
}

TEST_CASE("findings of generated files are one level lower, unless the level is configured") {
  MemoryFiles files;
  files.texts[".github/workflows/a.lock.yml"] =
      "# gh-aw-metadata: {}\non: [push, push]\non: push\n";
  const LintResult result = lint_project(files.project(), LintConfig());
  CHECK(shown(result) == "2 duplicate-entry note;3 duplicate-entry warning; 0");
  CHECK(result.findings[0].generated);
  const auto config = read_lint_config("rules: {duplicate-entry: error}");
  CHECK(shown(lint_project(files.project(), std::get<LintConfig>(config))) ==
        "2 duplicate-entry error;3 duplicate-entry error; 0");
}

}  // namespace refgate::lint
