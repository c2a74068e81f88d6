// What action.yml declares is what the linter knows: no name more, none less.

#include "lint/github/own_action.h"

#include "catch.h"
#include "lint/github/embedded.h"
#include "lint/run/lint.h"
#include "memory_files.h"

namespace refgate::lint {
namespace {

std::vector<Finding> lint_text(const std::string& text) {
  const MemoryFiles files{{{".github/workflows/a.yml", text}}};
  return lint(files.project(), LintConfig());
}

std::string rules_of(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings)
    text += finding.rule + " ";
  return text;
}

std::string gate_that_tells(const std::string& output) {
  return "on: [push, pull_request]\n"
         "jobs:\n"
         "  review:\n"
         "    runs-on: ubuntu-latest\n"
         "    timeout-minutes: 9\n"
         "    steps:\n"
         "      - id: gate\n"
         "        uses: refgate/refgate@v1\n"
         "      - run: echo \"${{ steps.gate.outputs." +
         output +
         " }}\"\n"
         "      - if: steps.gate.outputs.skip_execution == 'false'\n"
         "        run: ./review.sh\n"
         "      - if: always()\n"
         "        uses: refgate/refgate@v1\n"
         "        with:\n"
         "          command: finish\n";
}

}  // namespace

TEST_CASE("action.yml and gated.yml are read as they are") {
  CHECK(embedded_action().front().text.find("\nname: refgate\n") == std::string_view::npos);
  CHECK(embedded_action().front().text.starts_with("name: refgate\n"));
  for (const char* input : {"command", "share", "retry", "lease", "run"})
    CHECK(std::count(own_action().inputs.begin(), own_action().inputs.end(), input) == 1);
  for (const char* output : {"skip_execution", "claim_id", "run_attempt", "position"})
    CHECK(std::count(own_action().outputs.begin(), own_action().outputs.end(), output) == 1);
  CHECK(std::count(own_called_workflow().inputs.begin(), own_called_workflow().inputs.end(),
                   "run") == 1);
  CHECK(own_called_workflow().secrets == std::vector<std::string>{"agent-token", "state-token"});
}

TEST_CASE("every output that action.yml declares is one, and no other name is") {
  for (const std::string& output : own_action().outputs) {
    INFO(output);
    CHECK(rules_of(lint_text(gate_that_tells(output))).find("unknown-output") == std::string::npos);
  }
  CHECK(rules_of(lint_text(gate_that_tells("skip_exekution"))).find("unknown-output") !=
        std::string::npos);
}

}  // namespace refgate::lint
