#include <nlohmann/json.hpp>

#include "catch.h"
#include "lint/run/lint.h"
#include "memory_files.h"

namespace refgate::lint {
namespace {

const std::string twice = "on: [push, push]\njobs: {}\n";
const std::string clean = "on: push\njobs: {}\n";

struct Disk : MemoryFiles {
  LintOutcome run(LintRequest request) {
    const auto write = [this](const std::string& path, const std::string& text) {
      if (read_only) return false;
      texts[path] = text;
      return true;
    };
    const auto progress = [this](std::size_t done, std::size_t total) {
      steps.push_back(std::to_string(done) + "/" + std::to_string(total));
    };
    return run_lint(request, {seam(), write, progress});
  }
  bool read_only = false;
  std::vector<std::string> steps;
};

Disk disk(std::map<std::string, std::string> texts) {
  Disk result;
  result.texts = std::move(texts);
  return result;
}

}  // namespace

TEST_CASE(
    "the exit status is 0 for nothing, 1 for findings at the level, 2 for wrong usage and 3 for a "
    "failed run") {
  Disk files = disk({{".github/workflows/a.yml", twice},
                     {"b/.github/workflows/b.yml", clean},
                     {"c/.github/workflows/c.yml", twice}});
  files.texts["c/.github/refgate.yml"] = "rules: {duplicate-entry: note}";
  CHECK(files.run({}).status == 1);
  CHECK(files.run({.paths = {"b"}}).status == 0);
  CHECK(files.run({.paths = {"c"}}).status == 0);
  CHECK(files.run({.paths = {"c"}, .min_severity = Severity::note}).status == 1);
  CHECK(files.run({.min_severity = Severity::error}).status == 0);
  CHECK(files.run({.format = Format::sarif}).status == 0);
  CHECK(files.run({.paths = {"nowhere"}}).status == 2);
  CHECK(files.run({.config = "missing.yml"}).status == 2);
  CHECK(files.run({.paths = {"b", "c"}, .config = "missing.yml"}).errors ==
        "missing.yml: there is no such file; nothing was checked\n");
}

TEST_CASE("a workflow that runs twice is a note when a gate stands before each of its agents") {
  const std::string gated =
      "on: [push, pull_request]\njobs:\n"
      "  review:\n    runs-on: u\n    timeout-minutes: 9\n    steps:\n"
      "      - {id: gate, uses: refgate/refgate@v1}\n"
      "      - if: steps.gate.outputs.skip_execution == 'false'\n        run: claude -p x\n"
      "      - {if: always(), uses: refgate/refgate@v1, with: {command: finish}}\n";
  const std::string cheap = "  lint:\n    runs-on: u\n    steps: [{run: make lint}]\n";
  const std::string agent =
      "  other:\n    runs-on: u\n    timeout-minutes: 9\n    concurrency: x\n"
      "    steps: [{run: codex exec y}]\n";
  const auto twice_in = [](const std::string& text) {
    const LintOutcome outcome =
        disk({{".github/workflows/a.yml", text}}).run({.min_severity = Severity::warning});
    return outcome.output.find("[duplicate-trigger]") != std::string::npos;
  };
  CHECK_FALSE(twice_in(gated));
  CHECK_FALSE(twice_in(gated + cheap));
  CHECK(twice_in(gated + agent));
  CHECK(twice_in("on: [push, pull_request]\njobs:\n" + cheap));
}

TEST_CASE("a run in which nothing could be read prints no result") {
  Disk files = disk({{".github/workflows/a.yml", clean}, {"b/.github/workflows/b.yml", clean}});
  const auto run = [&](std::vector<std::string> paths, Format format) {
    LintSeams seams{files.seam(), nullptr, nullptr};
    seams.files.read = [&](const std::string& path) {
      const bool is_there = path == "b/.github/workflows/b.yml";
      return is_there ? std::optional(files.texts.at(path)) : std::nullopt;
    };
    return run_lint({.paths = std::move(paths), .format = format}, seams);
  };
  for (const Format format : {Format::text, Format::json, Format::sarif, Format::github}) {
    const LintOutcome outcome = run({"."}, format);
    CHECK(outcome.status == 3);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors.find("was not checked") != std::string::npos);
  }
  // What could be read beside it is told, and counted alone.
  const LintOutcome both = run({".", "b"}, Format::text);
  CHECK(both.status == 3);
  CHECK(both.output == "nothing found in 1 file\n");
}

TEST_CASE("below the least severity nothing is shown") {
  Disk files = disk({{".github/workflows/a.yml", twice}});
  CHECK(files.run({.min_severity = Severity::error}).output == "nothing found in 1 file\n");
}

TEST_CASE(
    "SARIF comes beside the output, with names that travel, and not at all when the run fails") {
  Disk files = disk({{"/home/me/x/.github/workflows/a.yml", twice}});
  const LintOutcome outcome = files.run({.paths = {"/home/me/x"}, .with_sarif = true});
  CHECK(outcome.status == 1);
  CHECK(outcome.output.starts_with(".github/workflows/a.yml:1:12: "));
  const auto log = nlohmann::json::parse(outcome.sarif);
  CHECK(
      log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] ==
      ".github/workflows/a.yml");
  CHECK(files.run({.paths = {"/home/me/x"}}).sarif.empty());
  CHECK(files.run({.paths = {"/home/me/y"}, .with_sarif = true}).sarif.empty());
  CHECK(files.run({.paths = {"/home/me/x"}, .with_sarif = true, .config = "missing.yml"})
            .sarif.empty());
}

TEST_CASE("what is no workflow is passed over, and not counted") {
  Disk files = disk({{"compose.yml", "services: {a: {image: b}}\n"},
                     {"broken.yml", "a: [\n"},
                     {"loose.yml", twice}});
  const LintOutcome none = files.run({.paths = {"compose.yml", "broken.yml", "README.md"}});
  CHECK(none.status == 2);  // README.md is not there
  const LintOutcome passed = files.run({.paths = {"compose.yml", "broken.yml"}});
  CHECK(passed.status == 0);
  CHECK(passed.output == "0 workflows among 2 files\n");
  CHECK(files.run({.paths = {"compose.yml", "loose.yml"}})
            .output.ends_with("1 warning in 1 of 1 file\n"));
}

TEST_CASE("a configuration that cannot be read is all that is said") {
  Disk files = disk({{".github/workflows/a.yml", clean}, {".github/refgate.yml", "rules: ["}});
  const LintOutcome outcome = files.run({});
  CHECK(outcome.status == 2);
  CHECK(outcome.output.empty());
  CHECK(outcome.errors.starts_with(".github/refgate.yml:1:9: "));
  CHECK(outcome.errors.find("no workflow") == std::string::npos);
}

TEST_CASE("a name that only begins with another is not what was meant") {
  const std::string listener =
      "on: {workflow_run: {workflows: [Test], types: [completed]}}\njobs: {a: {runs-on: u, steps: "
      "[{run: make}]}}\n";
  const std::string other =
      "on: workflow_dispatch\njobs: {a: {runs-on: u, steps: [{run: make}]}}\n";
  Disk files = disk({{".github/workflows/l.yml", listener},
                     {".github/workflows/o.yml", "name: Test Coverage\n" + other}});
  CHECK(files.run({}).output.find("is named `Test`") != std::string::npos);
  CHECK(files.run({}).output.find("meant?") == std::string::npos);
  files.texts[".github/workflows/o.yml"] = "name: Tests\n" + other;
  CHECK(files.run({}).output.find("is `Tests` meant?") != std::string::npos);
}

TEST_CASE("a place without a workflow is no success, in any format") {
  Disk files = disk({{"docs/readme.md", ""},
                     {"a/.github/workflows/a.yml", clean},
                     {"b/.github/refgate.yml", "rules: {}\n"}});
  for (const Format format : {Format::text, Format::json, Format::sarif, Format::github}) {
    const LintOutcome here = files.run({.format = format});
    CHECK(here.status == 2);
    CHECK(here.output.empty());
    CHECK(here.errors == "no workflow was found below .; nothing was checked\n");
  }
  CHECK(files.run({.paths = {"docs"}}).status == 2);
  CHECK(files.run({.paths = {"b"}}).status == 2);
  CHECK(files.run({.paths = {"a"}}).status == 0);
  const LintOutcome one_of_two = files.run({.paths = {"a", "docs"}});
  CHECK(one_of_two.status == 2);
  CHECK(one_of_two.output == "nothing found in 1 file\n");
  CHECK(one_of_two.errors == "no workflow was found below docs; nothing was checked\n");
}

TEST_CASE("rules are chosen by name, and what is no YAML is told all the same") {
  Disk files = disk({{".github/workflows/a.yml", twice}, {".github/workflows/b.yml", "a: [\n"}});
  const auto rules_of = [&](LintRequest request) {
    request.format = Format::json;
    std::string rules;
    const auto report = nlohmann::json::parse(files.run(std::move(request)).output);
    for (const auto& finding : report["findings"])
      rules += finding["rule"].get<std::string>() + " ";
    return rules;
  };
  CHECK(rules_of({}) == "duplicate-entry syntax ");
  CHECK(rules_of({.select = {"late-gate"}}) == "syntax ");
  CHECK(rules_of({.select = {"duplicate-entry"}, .ignore = {"syntax"}}) == "duplicate-entry ");
  CHECK(rules_of({.ignore = {"duplicate-entry"}}) == "syntax ");
  const LintOutcome unknown = files.run({.ignore = {"duplicate-entri"}});
  CHECK(unknown.status == 2);
  CHECK(unknown.output.empty());
  CHECK(unknown.errors ==
        "no rule has this id: `duplicate-entri` is not known here; did you mean "
        "`duplicate-entry`?; nothing was checked\n");
}

TEST_CASE("what a baseline lists stays silent, and what is gone of it is told") {
  const std::string file = ".github/workflows/a.yml";
  Disk files = disk({{file, twice}, {".github/workflows/b.yml", clean}});
  const LintOutcome written = files.run({.write_baseline = true});
  CHECK(written.status == 0);
  CHECK(written.output == "1 finding is known from now on\n");
  files.texts["known.json"] = written.baseline;
  files.texts[file] = "# more\n\n" + twice;
  const LintOutcome silent = files.run({.baseline = "known.json"});
  CHECK(silent.status == 0);
  CHECK(silent.output == "nothing found in 2 files, 1 known\n");
  // One more on an equal line is a new one.
  files.texts[file] = "on: [push, push, push]\njobs: {}\n";
  CHECK(files.run({.baseline = "known.json"}).status == 1);
  files.texts[file] = clean;
  const LintOutcome gone = files.run({.baseline = "known.json"});
  CHECK(gone.status == 0);
  CHECK(gone.output.starts_with("gone: " + file + ": on: [push, push] [duplicate-entry]\n"));
  CHECK(nlohmann::json::parse(
            files.run({.format = Format::json, .baseline = "known.json"}).output)["gone"]
            .size() == 1);
  // A file that was not looked at, or a rule: nobody knows.
  CHECK(files.run({.paths = {".github/workflows/b.yml"}, .baseline = "known.json"})
            .output.find("gone") == std::string::npos);
  CHECK(files.run({.select = {"late-gate"}, .baseline = "known.json"}).output.find("gone") ==
        std::string::npos);
  files.texts.erase(file);
  CHECK(files.run({.baseline = "known.json"}).output.starts_with("gone: "));
  for (const char* broken :
       {"", "[]", "{\"version\": 2, \"findings\": []}", "{\"version\": 1, \"findings\": [{}]}"}) {
    files.texts["broken.json"] = broken;
    const LintOutcome refused = files.run({.baseline = "broken.json"});
    CHECK(refused.status == 2);
    CHECK(refused.output.empty());
  }
  CHECK(files.run({.baseline = "nowhere.json"}).status == 2);
}

TEST_CASE("the standard input is a workflow of no repository, or an action, or nothing") {
  const std::string name(stdin_name);
  Disk files = disk({{name, twice}});
  CHECK(files.run({.paths = {name}}).output.starts_with("<stdin>:1:12: warning: "));
  files.texts[name] = "on: {workflow_run: {workflows: [Elsewhere]}}\njobs: {}\n";
  CHECK(files.run({.paths = {name}}).output == "nothing found in 1 file\n");
  files.texts[name] = "a: [\n";
  CHECK(files.run({.paths = {name}}).status == 1);
  files.texts[name] = "runs: {using: composite, steps: []}\n";
  CHECK(files.run({.paths = {name}}).status == 0);
  files.texts[name] = "a: b\n";
  const LintOutcome none = files.run({.paths = {name}});
  CHECK(none.status == 2);
  CHECK(none.output.empty());
  CHECK(none.errors == "there is no workflow on the standard input; nothing was checked\n");
}

TEST_CASE("a file that cannot be read fails the run, which says what was not checked") {
  Disk files = disk({{".github/workflows/a.yml", clean}});
  LintSeams seams{files.seam(), {}, {}};
  seams.files.read = [](const std::string&) { return std::nullopt; };
  const LintOutcome outcome = run_lint({}, seams);
  CHECK(outcome.status == 3);
  CHECK(outcome.errors ==
        ".github/workflows/a.yml: the file cannot be read, and was not checked\n");
}

TEST_CASE("a seam that throws fails the run") {
  LintSeams seams{disk({}).seam(), {}, {}};
  seams.files.kind = [](const std::string&) -> Files::Kind { throw std::runtime_error("no disk"); };
  const LintOutcome outcome = run_lint({}, seams);
  CHECK(outcome.status == 3);
  CHECK(outcome.errors.find("nothing was checked: no disk") != std::string::npos);
}

TEST_CASE("a configuration that is not understood stops the run with its place") {
  Disk files = disk({{".github/workflows/a.yml", twice}, {".github/refgate.yml", "\nrule: {}\n"}});
  const LintOutcome outcome = files.run({});
  CHECK(outcome.status == 2);
  CHECK(outcome.errors.starts_with(
      ".github/refgate.yml:2:1: `rule` is not known here; did you mean `rules`?"));
  CHECK(outcome.errors.find("nothing was checked") != std::string::npos);
}

TEST_CASE("safe fixes are written, unsafe ones when asked for, and what is left is reported") {
  const std::string agent =
      "on: [workflow_dispatch, workflow_dispatch]\njobs:\n  a:\n    runs-on: x\n    steps:\n      "
      "- run: claude -p x\n";
  Disk files = disk({{".github/workflows/a.yml", agent}});
  const LintOutcome safe = files.run({.fix = FixKind::safe});
  CHECK(safe.status == 1);
  CHECK(safe.output.find("agent-without-timeout") != std::string::npos);
  CHECK(safe.output.find("duplicate-entry") == std::string::npos);
  CHECK(files.texts[".github/workflows/a.yml"].starts_with("on: [workflow_dispatch]\n"));
  const LintOutcome unsafe = files.run({.fix = FixKind::unsafe});
  CHECK(unsafe.status == 0);
  CHECK(files.texts[".github/workflows/a.yml"].find("    runs-on: x\n    timeout-minutes: 30\n") !=
        std::string::npos);
}

TEST_CASE("a diff shows the fixes and changes nothing") {
  Disk files = disk({{"x/.github/workflows/a.yml", twice}});
  const LintOutcome outcome = files.run({.paths = {"x"}, .diff = true});
  CHECK(outcome.output ==
        "--- a/x/.github/workflows/a.yml\n+++ b/x/.github/workflows/a.yml\n@@ -1,2 +1,2 @@\n-on: "
        "[push, push]\n+on: [push]\n jobs: {}\n");
  CHECK(outcome.status == 1);
  CHECK(files.texts["x/.github/workflows/a.yml"] == twice);
}

TEST_CASE("a fix that cannot be written fails the run, and the finding stays") {
  Disk files = disk({{".github/workflows/a.yml", twice}});
  files.read_only = true;
  const LintOutcome outcome = files.run({.fix = FixKind::safe});
  CHECK(outcome.status == 3);
  CHECK(outcome.errors.find("cannot be written") != std::string::npos);
  CHECK(outcome.output.find("duplicate-entry") != std::string::npos);
}

TEST_CASE("reports that travel name no path of this machine, and tell several repositories apart") {
  Disk files = disk({{"/home/me/x/.github/workflows/a.yml", twice},
                     {"/home/me/y/.github/workflows/a.yml", twice}});
  const auto uris = [&](std::vector<std::string> paths) {
    const auto log = nlohmann::json::parse(
        files.run({.paths = std::move(paths), .format = Format::sarif}).output);
    std::string text;
    for (const auto& result : log["runs"][0]["results"]) {
      text +=
          result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].get<std::string>() +
          ";";
    }
    return text;
  };
  CHECK(uris({"/home/me/x"}) == ".github/workflows/a.yml;");
  CHECK(uris({"/home/me/x", "/home/me/y"}) ==
        "x/.github/workflows/a.yml;y/.github/workflows/a.yml;");
  CHECK(files.run({.paths = {"/home/me/x"}})
            .output.starts_with("/home/me/x/.github/workflows/a.yml:1:12: "));
}

TEST_CASE("only selected files are reported, though all are read") {
  Disk files = disk({{".github/workflows/a.yml", twice}, {".github/workflows/b.yml", twice}});
  const LintOutcome outcome = files.run({.paths = {".github/workflows/b.yml"}});
  CHECK(outcome.output.find("a.yml") == std::string::npos);
  CHECK(outcome.output.find("b.yml") != std::string::npos);
}

TEST_CASE("many threads report what one reports, with progress up to the end") {
  Disk files;
  std::vector<std::string> paths;
  for (int index = 0; index < 30; ++index) {
    const std::string root = "r" + std::to_string(index);
    files.texts[root + "/.github/workflows/a.yml"] = index % 3 == 0 ? twice : clean;
    paths.push_back(root);
  }
  const LintOutcome one = files.run({.paths = paths, .format = Format::json, .threads = 1});
  files.steps.clear();
  const LintOutcome many = files.run({.paths = paths, .format = Format::json, .threads = 8});
  CHECK(one.output == many.output);
  REQUIRE(files.steps.size() == 30);
  CHECK(files.steps.back() == "30/30");
}

TEST_CASE("the files of one repository are looked at side by side, with the report of one thread") {
  Disk files;
  for (int index = 0; index < 40; ++index) {
    const std::string agent = "      - run: claude -p x" + std::to_string(index) + "\n";
    files.texts[".github/workflows/w" + std::to_string(index) + ".yml"] =
        "on: [push, push]\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n" +
        (index % 4 == 0 ? agent : "");
  }
  const LintOutcome one = files.run({.format = Format::json, .threads = 1});
  const LintOutcome many = files.run({.format = Format::json, .threads = 8});
  CHECK(one.output == many.output);
  CHECK(files.steps.size() == 80);
  CHECK(files.steps.back() == "40/40");
  const auto report = nlohmann::json::parse(one.output);
  CHECK(report["files"] == 40);
  CHECK(report["findings"].size() >= 50);
}

TEST_CASE("explaining a rule prints its page, and names the nearest for a misspelt one") {
  Disk files;
  const LintOutcome page = files.run({.explain = "duplicate-entry"});
  CHECK(page.status == 0);
  CHECK(
      page.output.starts_with("duplicate-entry: warning, confidence high, on by default, with safe "
                              "fixes\n\n# duplicate-entry\n"));
  const LintOutcome none = files.run({.explain = "duplicate-entrys"});
  CHECK(none.status == 2);
  CHECK(none.errors.find("did you mean `duplicate-entry`?") != std::string::npos);
}

}  // namespace refgate::lint
