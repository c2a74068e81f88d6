#include "lint/report/report.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "lint/text/printable.h"

namespace refgate::lint {
namespace {

Finding finding(Severity severity, std::string file, std::uint32_t line, std::string message,
                std::string text) {
  Finding result;
  result.rule = "duplicate-entry";
  result.severity = severity;
  result.message = std::move(message);
  result.location = {std::move(file), {line, 5, line, 8, 40, 43}, std::move(text)};
  return result;
}

std::vector<Finding> many(std::size_t warnings, std::size_t errors) {
  std::vector<Finding> findings;
  for (std::size_t index = 0; index < warnings; ++index)
    findings.push_back(finding(Severity::warning, "w.yml", 1, "w" + std::to_string(index), ""));
  for (std::size_t index = 0; index < errors; ++index)
    findings.push_back(finding(Severity::error, "e.yml", 1, "e" + std::to_string(index), ""));
  return findings;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE(
    "text shows place, message, rule, line and caret, then related places, fixes and counts") {
  Finding one = finding(Severity::warning, ".github/workflows/a.yml", 12, "twice", "    foo: bar");
  one.related.push_back({{".github/workflows/b.yml", {3, 1, 3, 2, 0, 1}, "x"}, "first here"});
  one.fixes.push_back({FixKind::unsafe, "Remove it", {}});
  CHECK(render_text({one}, {3, 2, false}) ==
        ".github/workflows/a.yml:12:5: warning: twice [duplicate-entry]\n"
        " 12 |     foo: bar\n"
        "    |     ^~~\n"
        "  .github/workflows/b.yml:3:1: first here\n"
        "  fix: Remove it (--fix=unsafe)\n"
        "\n"
        "1 warning in 1 of 3 files, 2 ignored\n");
  CHECK(render_text({}, {1, 0, false}) == "nothing found in 1 file\n");
  CHECK(render_text(many(2, 1), {2, 0, false}).ends_with("1 error, 2 warnings in 2 of 2 files\n"));
}

TEST_CASE("colour comes on request only, and files cannot send any") {
  const Finding one = finding(Severity::error, "a.yml", 1, "bad \x1b[31m\xE2\x80\xAE",
                              "    \x1b]0;x\x07 \xC2\x9B \xFF");
  CHECK(render_text({one}, {1, 0, false}).find('\x1b') == std::string::npos);
  CHECK(render_text({one}, {1, 0, false}).find("bad ?[31m?") != std::string::npos);
  CHECK(render_text({one}, {1, 0, true}).find("\x1b[1;31merror\x1b[0m") != std::string::npos);
  CHECK(printable("a\tb\nc\xC3\xA9\xE2\x81\xA6") == "a b?cé?");
  CHECK(printable("::add-mask::x") == "?:add-mask::x");
  CHECK(printable(" \t::x::") == "  ?:x::");
  CHECK(printable("a::x::") == "a::x::");
}

TEST_CASE("the caret of a long line stays in view") {
  Finding one = finding(Severity::note, "a.yml", 1, "far", std::string(300, 'x'));
  one.location.place.column = 250;
  one.location.place.end_column = 500;
  const std::string text = render_text({one}, {1, 0, false});
  const std::size_t line = text.find('\n') + 1;
  const std::size_t marks = text.find('\n', line) + 1;
  CHECK(text.find('^', marks) - marks < 100);
  CHECK(text.find('\n', marks) - marks <= text.find('\n', line) - line);
}

TEST_CASE("the caret stands under its word behind letters that are wide, or take no place") {
  struct Row {
    std::string line;
    std::uint32_t column, end;
    std::string caret;
  };
  for (const Row& row : std::vector<Row>{{"[日本語🚀é, b, b]", 12, 13, "               ^"},
                                         {"[日本語🚀e\u0301, b, b]", 13, 14, "               ^"},
                                         {"日本語: x", 1, 4, "^~~~~~"},
                                         {"한글, ｆｕｌｌ: b", 5, 9, "      ^~~~~~~~"},
                                         {"e\u0301e\u0301 = b", 6, 7, "   ^"}}) {
    INFO(row.line);
    Finding one = finding(Severity::error, "a.yml", 1, "here", row.line);
    one.location.place.column = row.column;
    one.location.place.end_column = row.end;
    CHECK(count(render_text({one}, {1, 0, false}), "\n   | " + row.caret + "\n") == 1);
  }
}

TEST_CASE("JSON has what the finding has, and any bytes give valid JSON") {
  Finding one = finding(Severity::error, "a\xFF.yml", 2, "m", "");
  one.fixes.push_back({FixKind::safe, "Remove", {{1, 4, "x"}}});
  const auto json = nlohmann::json::parse(render_json({one}, {7, 1, false}));
  CHECK(json["errors"] == 1);
  CHECK(json["files"] == 7);
  CHECK(json["ignored"] == 1);
  CHECK(json["findings"][0]["severity"] == "error");
  CHECK(json["findings"][0]["endColumn"] == 8);
  CHECK(json["findings"][0]["fixes"][0]["edits"][0]["byteLength"] == 3);
}

TEST_CASE("annotations escape what the runner reads, in properties more than in messages") {
  Finding one = finding(Severity::note, "a,b:c%.yml", 2, "x: 1, 50%\nnext::error::y", "");
  CHECK(render_github({one}, {1, 0, false}) ==
        "::notice file=a%2Cb%3Ac%25.yml,line=2,endLine=2,col=5,endColumn=8,title=refgate%3A "
        "duplicate-entry::X: 1, 50%25%0Anext::error::y\n1 note in 1 of 1 file\n");
  one.location.file =
      "a\x1b[2J\xE2\x80\xAE"
      "b\xF3\xA0\x81\x81.yml";
  CHECK(render_github({one}, {}).find("file=a?[2J?b?.yml,") != std::string::npos);
  one.location.place.end_line = 4;
  CHECK(render_github({one}, {}).find("endColumn") == std::string::npos);
}

TEST_CASE(
    "the ten most severe findings are annotations, the others plain lines, and one line says how "
    "many") {
  const std::string text = render_github(many(12, 3), {});
  CHECK(count(text, "::error ") == 3);
  CHECK(count(text, "::warning ") == 7);
  CHECK(text.starts_with("::error "));
  CHECK(count(text, "\nwarning: w.yml:1:5: ") == 5);
  CHECK(text.find("\n5 more are listed above") != std::string::npos);
  CHECK(render_github(many(10, 0), {}).find("more") == std::string::npos);
}

TEST_CASE("a plain line of the log is never a command, whatever the file is called") {
  std::vector<Finding> findings = many(10, 0);
  findings.push_back(finding(Severity::note, "x\n::set-env::y", 1, "m\n::error::z", ""));
  const std::string text = render_github(findings, {});
  CHECK(count(text, "\n::set-env") == 0);
  CHECK(count(text, "\n::error") == 0);
}

TEST_CASE(
    "SARIF places are relative to the repository, with encoded names and fingerprints that moved "
    "lines keep") {
  Finding one = finding(Severity::note, "a b/ü.yml", 2, "m", "    foo");
  Finding moved = one;
  moved.location.place.line = 9;
  const auto log = nlohmann::json::parse(render_sarif({one, one}, {}));
  const auto later = nlohmann::json::parse(render_sarif({moved}, {}));
  const auto& run = log["runs"][0];
  const auto& artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
  CHECK(artifact["uri"] == "a%20b/%C3%BC.yml");
  CHECK(artifact["uriBaseId"] == "%SRCROOT%");
  CHECK(run["results"][0]["level"] == "note");
  CHECK(run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"].get<std::size_t>()]["id"] ==
        "duplicate-entry");
  CHECK(run["results"][0]["partialFingerprints"] ==
        later["runs"][0]["results"][0]["partialFingerprints"]);
  CHECK(run["results"][0]["partialFingerprints"] != run["results"][1]["partialFingerprints"]);
}

TEST_CASE("findings are sorted by file and place, the more severe first") {
  std::vector<Finding> findings = {
      finding(Severity::note, "b.yml", 1, "1", ""), finding(Severity::note, "a.yml", 2, "2", ""),
      finding(Severity::error, "a.yml", 2, "3", ""), finding(Severity::error, "a.yml", 1, "4", "")};
  findings[3].location.place.begin = 10;
  sort_findings(findings);
  std::string order;
  for (const Finding& each : findings)
    order += each.message;
  CHECK(order == "4321");
}

}  // namespace refgate::lint
