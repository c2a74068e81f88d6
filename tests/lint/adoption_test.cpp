// What `init` makes of workflows that launch agents.

#include "lint/adoption/adoption.h"

#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "catch.h"
#include "lint/run/lint.h"
#include "memory_files.h"

namespace refgate::lint {
namespace {

using std::string;

const string action = "refgate/refgate@v9.9.9";
const string file = ".github/workflows/agent.yml";

const string head =
    "on:\n  pull_request:\n    types: [opened, synchronize]\n"
    "concurrency:\n  group: agent-${{ github.event.pull_request.number }}\n";
const string some_permissions = "permissions:\n  contents: read\n  pull-requests: write\n";
const string agent = "      - run: claude -p x\n";

/// A workflow of one job, with lines of the job before its steps.
string with_job(const string& steps, const string& lines = "    runs-on: ubuntu-latest\n",
                const string& permissions = some_permissions) {
  return head + permissions + "jobs:\n  agent:\n" + lines + "    steps:\n" + steps;
}

struct Made {
  Adoption adoption;
  string before;
  bool changed() const { return adoption.after != before; }
  string after() const { return adoption.after; }
  string notes() const {
    string all;
    for (const AdoptionNote& note : adoption.notes)
      all += note.text + "\n";
    return all;
  }
  string snippet() const {
    for (const AdoptionNote& note : adoption.notes)
      if (!note.snippet.empty()) return note.snippet;
    return {};
  }
};

std::vector<string> said_of(const Project& project) {
  std::vector<string> said;
  for (const Finding& finding : lint(project, {}))
    if (finding.severity != Severity::note) said.push_back(finding.rule + ": " + finding.message);
  return said;
}

Made adopted(const MemoryFiles& files, const string& name = file) {
  const Project project = files.project();
  Made made{{name, files.texts.at(name), {}, {}}, files.texts.at(name)};
  for (Adoption& each : adopt(project, {}, action))
    if (each.file == name) made.adoption = std::move(each);
  return made;
}

Made adopted(const string& text) { return adopted(MemoryFiles{{{file, text}}}); }

bool has(const string& text, const string& words) { return text.find(words) != string::npos; }

Document read(const string& text) { return std::get<Document>(read_document(text)); }

}  // namespace

TEST_CASE("adoption: what is written has nothing said of it, and stays", "[adoption]") {
  const string checkout = "      - uses: actions/checkout@v4\n";
  const string text = GENERATE_COPY(
      with_job(agent + checkout), with_job(agent + checkout + "        name: last\n"),
      with_job(agent + "      - uses: actions/checkout@v4"),
      with_job(agent + checkout) +
          "  other:\n    runs-on: ubuntu-latest\n    steps:\n      - run: x\n",
      with_job(checkout + "        with:\n" + agent),
      with_job(agent + checkout + "        with:\n"), with_job(agent + checkout + "        with:"),
      with_job(checkout + "        with: {}\n" + agent),
      with_job(checkout + "        with:  # none\n          # yet\n" + agent),
      with_job("      - with: {fetch-depth: 0}\n        uses: actions/checkout@v4\n" + agent),
      with_job("      -   uses: actions/checkout@v4\n      -   run: claude -p x\n"),
      with_job(
          "      -\n        uses: actions/checkout@v4\n      -\n        run: a-b && claude -p x\n"),
      with_job("      - run: claude -p x\n        if: >-\n          github.event.number > 1\n"),
      with_job("      - if: |\n          github.event.number > 1 &&\n          true\n"
               "        run: claude -p x\n"),
      with_job(agent + checkout + "      # at the end\n    # of the job\n\n# of the file\n"),
      with_job(agent, "    runs-on:\n      - self-hosted\n      - linux\n"),
      with_job(agent, "    runs-on: {group: big, labels: [ubuntu-24.04]}\n"),
      with_job(agent, "    runs-on: ubuntu-latest\n    container: node:22\n"),
      head + some_permissions + "jobs:\n  agent:\n    steps:\n" + agent +
          "    runs-on: ubuntu-latest");
  INFO(text);
  const Made made = adopted(text);
  CHECK(made.changed());
  CHECK(made.notes() == "");
  const Project after = MemoryFiles{{{file, made.after()}}}.project();
  CHECK(said_of(after) == std::vector<string>{});
  CHECK(adopt(after, {}, action).empty());
}

TEST_CASE("adoption: every checkout leaves no token, once", "[adoption]") {
  const string checkout = "      - uses: actions/checkout@v4\n";
  const string text =
      GENERATE_COPY(with_job(agent + checkout), with_job(agent + checkout + "        with:\n"),
                    with_job(checkout + "        with: ~\n" + agent));
  const Document document = read(adopted(text).after());
  const Workflow workflow =
      read_workflow(file, std::make_shared<Document>(read(adopted(text).after())));
  for (const Step& step : workflow.jobs.at(0).steps) {
    if (!step.uses_text().starts_with("actions/checkout")) continue;
    CHECK(step.with.value["persist-credentials"].text() == "false");
    CHECK(step.node.size() == 3);
  }
  CHECK(workflow.jobs.at(0).steps.back().with.value.size() == 2);
}

TEST_CASE("adoption: the agent's job gets what it had and what the gate needs, no other job",
          "[adoption]") {
  struct Row {
    const char* name;
    string top, own;
    string wanted;  ///< of the agent's job, sorted
  };
  const string read_all =
      "actions: read, attestations: read, checks: read, contents: write, deployments: read, "
      "discussions: read, issues: read, models: read, packages: read, pages: read, pull-requests: "
      "read, security-events: read, statuses: read";
  const std::vector<Row> rows = {
      {"of the workflow", some_permissions, "",
       "actions: read, contents: write, pull-requests: write"},
      {"all of the workflow", "permissions: read-all\n", "", read_all},
      {"none of the workflow", "permissions: {}\n", "", "actions: read, contents: write"},
      {"not named", "", "", "actions: read, contents: write"},
      {"its own", "permissions: write-all\n", "    permissions:\n      issues: write\n",
       "actions: read, contents: write, issues: write"},
      {"its own, in braces", "", "    permissions: {contents: read, actions: none}\n",
       "actions: read, contents: write"},
      {"its own, all", "", "    permissions: read-all\n", read_all},
      {"its own, none", some_permissions, "    permissions: {}\n",
       "actions: read, contents: write"},
      {"more than it takes", "", "    permissions: {actions: write, contents: write}\n",
       "actions: write, contents: write"},
      {"enough of the workflow", "permissions: {actions: read, contents: write}\n", "", ""},
      {"everything", "permissions: write-all\n", "", ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const string other = "  other:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm ci\n";
    const string text = with_job(agent, "    runs-on: ubuntu-latest\n" + row.own, row.top) + other;
    const Made made = adopted(text);
    INFO(made.after());
    CHECK(made.changed());
    const Workflow after = read_workflow(file, std::make_shared<Document>(read(made.after())));
    CHECK(after.permissions.value.source() ==
          read_workflow(file, std::make_shared<Document>(read(text))).permissions.value.source());
    CHECK(!after.job("other")->permissions);
    std::vector<string> given;
    for (const Entry& entry : after.job("agent")->permissions.value.entries())
      given.push_back(string(entry.key.text()) + ": " + string(entry.value.text()));
    std::sort(given.begin(), given.end());
    string all;
    for (const string& each : given)
      all += (all.empty() ? "" : ", ") + each;
    CHECK(all == row.wanted);
  }
}

TEST_CASE("adoption: what cannot be known of permissions is said", "[adoption]") {
  CHECK(has(adopted(with_job(agent, "    runs-on: ubuntu-latest\n", "")).notes(),
            "no `permissions` were named"));
  CHECK(has(
      adopted(with_job(agent, "    runs-on: ubuntu-latest\n", "permissions: read-all\n")).notes(),
      "written out"));
}

TEST_CASE("adoption: where no gate can stand the file stays, and three jobs are ready",
          "[adoption]") {
  struct Row {
    string text;
    string why;
    bool whole = true;  ///< the snippet holds the job
  };
  const auto on = [](const string& lines) { return with_job(agent, lines); };
  const std::vector<Row> rows = {
      {on("    runs-on: windows-latest\n"), "does not run on Linux"},
      {on("    runs-on: macos-14-xlarge\n"), "does not run on Linux"},
      {on("    runs-on: [self-hosted, Windows, X64]\n"), "does not run on Linux"},
      {on("    runs-on:\n      - self-hosted\n      - macOS\n"), "does not run on Linux"},
      {on("    runs-on: {group: g, labels: windows-2022}\n"), "does not run on Linux"},
      {on("    strategy:\n      matrix:\n        os: [ubuntu-latest, windows-latest]\n"
          "    runs-on: ${{ matrix.os }}\n"),
       "known only when it runs"},
      {on("    runs-on: ${{ vars.RUNNER }}\n"), "known only when it runs"},
      {on("    runs-on: ubuntu-latest\n    container: alpine:3\n"), "has no bash"},
      {on("    runs-on: ubuntu-latest\n    container:\n      image: node:22-alpine3.20\n"),
       "has no bash"},
      {on("    runs-on: ubuntu-latest\n    container: docker:27-dind\n"), "has no bash"},
      {on("    runs-on: ubuntu-latest\n    container: ${{ vars.IMAGE }}\n"), "known only when"},
      {head + some_permissions +
           "jobs:\n  agent:\n    runs-on: ubuntu-latest\n    steps: [{run: claude -p x}]\n",
       "takes no edit"},
      {with_job("      - {run: claude -p x}\n"), "takes no edit"},
      {head + some_permissions +
           "jobs:\n  agent: {runs-on: ubuntu-latest, steps: [{run: claude -p x}]}\n",
       "takes no edit", false},
      {with_job("      - &c\n        uses: actions/checkout@v4\n" + agent) +
           "  other:\n    runs-on: ubuntu-latest\n    steps:\n      - *c\n",
       "anchor"},
      {with_job("      - if: ${{ github.actor }} == 'x'\n        run: claude -p x\n"),
       "always true"},
      {with_job("      - if: always() && ${{ github.actor == 'x' }}\n        run: claude -p x\n"),
       "always true"},
      {with_job("      - if: github.actor ==\n        run: claude -p x\n"), "cannot be read"},
      {with_job("      - if:\n        run: claude -p x\n"), "is empty"},
      {with_job(agent) + "  deploy:\n    needs: agent\n    runs-on: ubuntu-latest\n    steps:\n"
                         "      - run: npm run deploy\n",
       "missing-guard"},
      {with_job(agent, "    runs-on: ubuntu-latest\n", "permissions:\n"), "cannot be told"},
      {on("    needs: [build]\n    if: \"github.actor == 'x: #y' || true\"\n    runs-on: "
          "windows-latest\n") +
           "  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm ci\n",
       "does not run on Linux"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Made made = adopted(row.text);
    CHECK(!made.changed());
    CHECK(has(made.notes(), "`agent` is left as it is"));
    CHECK(has(made.notes(), row.why));
    INFO(made.snippet());
    for (const char* words :
         {"  gate:\n", "  finish:\n", "runs-on: ubuntu-latest", "claim-id: ${{"})
      CHECK(has(made.snippet(), words));
    CHECK((made.snippet().find("\n  agent:\n") != string::npos) == row.whole);
  }
}

TEST_CASE("adoption: the three jobs have nothing said of them", "[adoption]") {
  const string text =
      GENERATE_COPY(with_job(agent, "    runs-on: windows-latest\n"),
                    with_job(agent,
                             "    if: \"github.actor == 'x: #y'\"\n    needs:\n      - build\n"
                             "    runs-on: windows-latest\n    timeout-minutes: 5\n") +
                        "  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm ci\n",
                    with_job(agent) +
                        "  deploy:\n    needs: agent\n    runs-on: ubuntu-latest\n    steps:\n"
                        "      - run: npm run deploy\n");
  const Made made = adopted(text);
  // In the place of the job's own lines.
  const std::size_t begin = text.find("  agent:\n");
  std::size_t end = text.find("\n  ", begin);
  while (end != string::npos && text[end + 3] == ' ')
    end = text.find("\n  ", end + 1);
  const string pasted =
      text.substr(0, begin) + made.snippet() + (end == string::npos ? "" : text.substr(end + 1));
  INFO(pasted);
  CHECK(said_of(MemoryFiles{{{file, pasted}}}.project()) == std::vector<string>{});
  CHECK(adopt(MemoryFiles{{{file, pasted}}}.project(), {}, action).empty());
}

TEST_CASE("adoption: who pushes or fetches keeps the checkout's token, and is told so",
          "[adoption]") {
  const string step = GENERATE(
      as<string>(), "      - uses: stefanzweifel/git-auto-commit-action@v5\n",
      "      - uses: EndBug/add-and-commit@v9\n", "      - uses: ad-m/github-push-action@v1\n",
      "      - run: git -C . push\n", "      - run: git -c user.name=x push origin HEAD\n",
      "      - run: |\n          GIT_TRACE=1 timeout 5m git lfs pull\n",
      "      - run: git --no-pager -C sub fetch origin main\n", "      - run: mkdocs gh-deploy\n",
      "      - uses: anthropics/claude-code-action@v1\n");
  INFO(step);
  const bool itself = has(step, "claude-code");
  const Made made =
      adopted(with_job("      - uses: actions/checkout@v4\n" + (itself ? "" : agent) + step));
  CHECK(made.changed());
  CHECK(!has(made.after(), "persist-credentials"));
  CHECK(has(made.notes(), "keeps its token"));
  CHECK(has(made.notes(), itself ? "line 14" : "line 15"));
  CHECK(said_of(MemoryFiles{{{file, made.after()}}}.project()) == std::vector<string>{});
}

TEST_CASE("adoption: a condition on a push is no push", "[adoption]") {
  const Made made =
      adopted(with_job("      - uses: actions/checkout@v4\n"
                       "      - if: github.event_name == 'push'\n"
                       "        run: claude -p x\n"));
  CHECK(has(made.after(), "persist-credentials: false"));
}

TEST_CASE("adoption: a called workflow is left alone until its callers give enough", "[adoption]") {
  const string caller_file = ".github/workflows/caller.yml";
  const string called =
      "on:\n  workflow_call:\njobs:\n  agent:\n    runs-on: ubuntu-latest\n"
      "    timeout-minutes: 5\n    steps:\n" +
      agent;
  const auto caller = [](const string& permissions) {
    return head + permissions + "jobs:\n  call:\n    uses: ./.github/workflows/agent.yml\n";
  };
  SECTION("one that gives less is named by its line") {
    const Made made = adopted({{{file, called}, {caller_file, caller(some_permissions)}}});
    CHECK(!made.changed());
    CHECK(has(made.notes(), caller_file + ":6 (job `call`)"));
    CHECK(made.snippet() ==
          "    permissions:\n      actions: read\n      contents: write\n"
          "      pull-requests: write\n");
  }
  SECTION("one that names none is, too") {
    const Made made = adopted({{{file, called}, {caller_file, caller("")}}});
    CHECK(!made.changed());
    CHECK(has(made.notes(), caller_file + ":7 (job `call`)"));
  }
  SECTION("one between the two passes on what it is given") {
    const string between =
        "on: workflow_call\njobs:\n  pass:\n"
        "    uses: ./.github/workflows/agent.yml\n";
    const string outer =
        head + some_permissions + "jobs:\n  call:\n    uses: ./.github/workflows/between.yml\n";
    const Made made = adopted(
        {{{file, called}, {".github/workflows/between.yml", between}, {caller_file, outer}}});
    CHECK(!made.changed());
    CHECK(has(made.notes(), caller_file + ":6 (job `call`)"));
  }
  SECTION("one between that nobody calls may be given anything") {
    const Made made = adopted({{{file, called},
                                {".github/workflows/between.yml",
                                 "on: workflow_call\njobs:\n  pass:\n"
                                 "    uses: ./.github/workflows/agent.yml\n"}}});
    CHECK(!made.changed());
    CHECK(has(made.notes(), "between.yml:3"));
  }
  SECTION("one that names a repository, which may be this one, counts") {
    const string remote = head + some_permissions +
                          "jobs:\n  call:\n    uses: octo/app/.github/workflows/agent.yml@main\n";
    const Made made = adopted({{{file, called}, {caller_file, remote}}});
    CHECK(!made.changed());
    CHECK(has(made.notes(), caller_file + ":6 (job `call`)"));
  }
  SECTION("nobody here calls it") {
    const Made made = adopted(called);
    CHECK(!made.changed());
    CHECK(has(made.notes(), "nobody calls it here"));
  }
  SECTION("what all callers give is inherited") {
    const Made made =
        adopted({{{file, called},
                  {caller_file,
                   caller("permissions: {contents: write, actions: read, issues: write}\n")}}});
    CHECK(made.changed());
    CHECK(!has(made.after(), "permissions"));
  }
}

TEST_CASE("adoption: a job whose gate is half there is completed", "[adoption]") {
  const string gate = "      - id: gate\n        uses: refgate/refgate@v9.9.9\n";
  const string checkout = "      - uses: actions/checkout@v4\n";
  SECTION("gate, work and end in one step") {
    const Made whole = adopted(with_job(
        checkout +
        "      - uses: refgate/refgate@v9.9.9\n        with:\n          run: claude -p x\n"));
    CHECK(has(whole.after(), "contents: write"));
    CHECK(said_of(MemoryFiles{{{file, whole.after()}}}.project()) == std::vector<string>{});
  }
  SECTION("whose state is written with a token of its own: only what it lacks") {
    const Made other = adopted(with_job(
        gate + "        with:\n          token: ${{ secrets.STATE }}\n" + checkout + agent));
    CHECK(has(other.after(), "timeout-minutes: 60"));
    CHECK(!has(other.after(), "contents: write"));
    CHECK(!has(other.after(), "persist-credentials"));
  }
  SECTION("whose agent has a name, a condition and steps behind it") {
    const Made other = adopted(with_job(
        gate + checkout +
        "      - id: review\n        if: github.event.number > 1\n        run: claude -p x\n"
        "      - run: ./after.sh\n"));
    CHECK(has(other.after(), "          status: ${{ steps.review.outcome }}\n"));
  }
  SECTION("which ends in a job behind it: there is one end") {
    const string finish =
        "  finish:\n    needs: agent\n    if: always()\n    runs-on: ubuntu-latest\n"
        "    timeout-minutes: 5\n    permissions:\n      contents: write\n    steps:\n"
        "      - uses: refgate/refgate@v9.9.9\n        with:\n          command: finish\n"
        "          status: ${{ needs.agent.result }}\n"
        "          claim-id: ${{ needs.agent.outputs.claim_id }}\n";
    const Made other = adopted(with_job(gate + checkout + agent) + finish);
    const string after = other.after();
    CHECK(after.find("command: finish") == after.rfind("command: finish"));
  }
  const Made made = adopted(with_job(gate + checkout + agent));
  CHECK(made.changed());
  CHECK(
      has(made.after(), "          command: finish\n          status: ${{ steps.agent.outcome }}"));
  CHECK(has(made.after(), "id: agent"));
  CHECK(has(made.after(), "contents: write"));
  CHECK(has(made.after(), "if: steps.gate.outputs.skip_execution"));
  CHECK(said_of(MemoryFiles{{{file, made.after()}}}.project()) == std::vector<string>{});
}

TEST_CASE("adoption: what the linter still says of a file is told", "[adoption]") {
  const string gate = "      - id: gate\n        uses: refgate/refgate@v9.9.9\n";
  const Made made = adopted(with_job(
      gate +
      "      - if: steps.gate.outputs.skip_execution != 'false'\n        run: claude -p x\n"));
  CHECK(has(made.notes(), "`refgate lint` has"));
  CHECK(has(made.notes(), "broken-guard"));
}

TEST_CASE("adoption: what is refused for a job behind is tried again", "[adoption]") {
  const string second =
      "  second:\n    needs: agent\n    runs-on: ubuntu-latest\n    steps:\n" + agent;
  const Made made = adopted(with_job(agent) + second);
  CHECK(made.notes() == "");
  CHECK(made.adoption.changes.size() == 2);
}

TEST_CASE("adoption: agents that the configuration names count", "[adoption]") {
  const MemoryFiles files{{{file, with_job("      - run: our-agent --go\n")}}};
  const auto config = read_lint_config("facts:\n  agents:\n    commands: [our-agent]\n");
  CHECK(adopt(files.project(), {}, action).empty());
  CHECK(adopt(files.project(), std::get<LintConfig>(config), action).size() == 1);
}

}  // namespace refgate::lint
