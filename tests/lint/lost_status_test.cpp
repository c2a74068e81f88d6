#include "lint/shell/lost_status.h"

#include "catch.h"

namespace refgate::lint {
namespace {

std::string lost(std::string_view script, bool pipefail = false) {
  return lost_status(
      script, ShellManner{pipefail, false},
      [](const std::vector<std::string>& words) { return !words.empty() && words[0] == "work"; });
}

}  // namespace

TEST_CASE("the exit status of a command is lost") {
  const std::pair<const char*, const char*> rows[] = {
      {"work || true", "`|| true`"},
      {"work -p 'a || b' || :", "`|| :`"},
      {"work \\\n  --more ||\n  echo \"it failed\"", "`|| echo \"it failed\"`"},
      {"set -e\nwork 2>&1 | tee log", "a pipe without `pipefail`"},
      {"work | tee log || true", "`|| true`"},
      {"echo begun; work || exit 0", "`|| exit 0`"},
      {"set +e\nwork\necho done", "`set +e`"},
      {"set +e; work; true", "`set +e`"},
      {"if work; then echo well; fi", "an `if` without an `else`"},
  };
  for (const auto& [script, how] : rows) {
    INFO(script);
    CHECK(lost(script) == how);
  }
}

TEST_CASE("the exit status of a command is passed on, or looked at") {
  const char* rows[] = {
      "work",
      "work || exit 1",
      "work || status=$?",
      "work || { echo failed; exit 3; }",
      "if work; then echo well; else exit 1; fi",
      "if ! work; then exit 1; fi",
      "set +e\nwork",
      "set +e\nwork\nstatus=$?\necho $status\nexit $status",
      "work && echo well",
      "set -o pipefail\nwork | tee log",
      "echo \"work || true\"",
      "other || true",
      "# work || true",
      "echo x | work",
      "x=$(work || true)",
      "work &> log",
  };
  for (const char* script : rows) {
    INFO(script);
    CHECK(lost(script).empty());
  }
  CHECK(lost("work | tee log", true).empty());
  CHECK(lost("work | tee log || true", true) == "`|| true`");
}

}  // namespace refgate::lint
