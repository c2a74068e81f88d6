#include "lint/github/facts.h"

#include "catch.h"
#include "lint/agents/agent_launch.h"
#include "lint/rule/lint_config.h"

namespace refgate::lint {
namespace {

/// The first step of a job with this text.
struct OneStep {
  explicit OneStep(const std::string& step) {
    auto read = read_document("jobs: {a: {steps: [" + step + "]}}");
    REQUIRE(std::holds_alternative<Document>(read));
    workflow = read_workflow("a.yml",
                             std::make_shared<const Document>(std::get<Document>(std::move(read))));
  }
  const Step& step() const { return workflow.jobs.at(0).steps.at(0); }
  Workflow workflow;
};

}  // namespace

TEST_CASE("a command is known behind what runs it") {
  for (const char* script : {"claude -p x",
                             "/usr/local/bin/claude x",
                             "npx -y claude@latest x",
                             "A=1 B=2 claude",
                             "sudo -u me claude",
                             "timeout -k 5 10m claude",
                             "env A=1 claude",
                             "cd x && claude",
                             "echo x | claude",
                             "y=$(claude x)",
                             "if claude; then :; fi",
                             "uv run --with x claude",
                             "bash -c 'x'; xargs -I {} claude {}",
                             "exec claude",
                             "timeout 5m bash -c 'cd x; claude -p y'",
                             "eval claude x",
                             "bash <<'X'\nclaude\nX",
                             "case $x in\n a) claude x ;;\nesac",
                             "f() {\n  claude x\n}\nf",
                             "cat <<X\n$(claude -p y)\nX",
                             "tee >(claude -p x)"}) {
    INFO(script);
    CHECK(runs_command(script, "claude"));
  }
  for (const char* script :
       {"echo claude", "npm install claude", "# claude", "claude-flow x", "'claude x'",
        "cat <<X\nclaude\nX", "which claude", "git commit -m 'claude'", "export claude=1",
        "claude.sh", "command -v claude", "case $x in\n codex|claude) y ;;\nesac",
        "agents=(claude codex)", "claude() { :; }", "f() {\n  claude x\n}\ng",
        "[[ $a == claude || claude == $a ]]", "bash <<'X' | claude.sh\nX",
        "cat <<'X'\n$(claude)\nX", "echo bash -c 'claude'"}) {
    INFO(script);
    CHECK_FALSE(runs_command(script, "claude"));
  }
  CHECK(runs_command("python3 scripts/session_deduplicator.py check push",
                     "session_deduplicator.py check"));
  CHECK_FALSE(runs_command("python3 scripts/session_deduplicator.py cleanup",
                           "session_deduplicator.py check"));
}

TEST_CASE("actions match by owner and name, without case and ref, and with `*` for one part") {
  CHECK(matches_action("Anthropics/Claude-Code-Action@v1", "anthropics/claude-code-action"));
  CHECK(matches_action("a/refgate@abc", "*/refgate"));
  CHECK_FALSE(matches_action("./refgate", "*/refgate"));
  CHECK_FALSE(matches_action("a/b/refgate@v1", "*/refgate"));
  CHECK_FALSE(
      matches_action("anthropics/claude-code-action/x@v1", "anthropics/claude-code-action"));
  CHECK(matches_action("./", "./"));
}

TEST_CASE("steps that launch agents are told from those that set them up") {
  const Facts& facts = built_in_facts();
  for (const char* step : {"{uses: anthropics/claude-code-action@v1}", "{run: codex exec x}",
                           "{run: npx @google/gemini-cli -p x}", "{run: copilot -p x}"}) {
    INFO(step);
    CHECK(launches_agent(OneStep(step).step(), facts));
  }
  for (const char* step : {"{uses: actions/checkout@v4}", "{run: claude --version}",
                           "{run: claude mcp add x}", "{run: gemini extensions install x}",
                           "{run: npm i -g @openai/codex}", "{name: claude}", "{}"}) {
    INFO(step);
    CHECK_FALSE(launches_agent(OneStep(step).step(), facts));
  }
}

TEST_CASE(
    "what an agent action checks by itself is a fact, which a project can add to and replace") {
  const Facts& facts = built_in_facts();
  const OneStep known("{uses: Anthropics/claude-code-action@v1}");
  REQUIRE(agent_action_fact(known.step(), facts) != nullptr);
  CHECK(agent_action_fact(known.step(), facts)->app_login == "claude[bot]");
  CHECK(asks_for_write(known.step(), facts));
  CHECK(asks_for_write(
      OneStep("{uses: anthropics/claude-code-action@v1, with: {allowed_non_write_users: '*'}}")
          .step(),
      facts));
  CHECK_FALSE(asks_for_write(OneStep("{uses: anthropics/claude-code-action@v1, with: "
                                     "{allowed_non_write_users: '*', github_token: x}}")
                                 .step(),
                             facts));
  CHECK(turns_bot_away(known.step(), "me[bot]", facts));
  CHECK_FALSE(turns_bot_away(
      OneStep("{uses: anthropics/claude-code-action@v1, with: {allowed_bots: 'x, me'}}").step(),
      "me[bot]", facts));
  CHECK_FALSE(
      asks_for_write(OneStep("{uses: anthropics/claude-code-base-action@v1}").step(), facts));
  CHECK(agent_action_fact(OneStep("{run: claude}").step(), facts) == nullptr);

  const auto read = read_lint_config(R"(facts:
  agents:
    checks:
      - {uses: me/agent, asks-for-write: true, open-input: open, turns-bots-away: true, bots-input: bots, token-input: token, app: 'me[bot]'}
      - {uses: anthropics/claude-code-action}
)");
  REQUIRE(std::holds_alternative<LintConfig>(read));
  const Facts& own = std::get<LintConfig>(read).facts;
  CHECK(asks_for_write(OneStep("{uses: me/agent@v1}").step(), own));
  CHECK_FALSE(
      asks_for_write(OneStep("{uses: me/agent@v1, with: {open: '*', token: x}}").step(), own));
  CHECK_FALSE(
      turns_bot_away(OneStep("{uses: me/agent@v1, with: {bots: '*'}}").step(), "other[bot]", own));
  CHECK_FALSE(asks_for_write(known.step(), own));
}

TEST_CASE(
    "gates are known by action, input and command, with the output that carries the verdict") {
  const Facts& facts = built_in_facts();
  const auto output = [&](const char* step) {
    const OneStep one(step);
    const GateFact* gate = gate_of(one.step(), facts);
    return gate == nullptr ? std::string()
                           : gate->outputs.at(0).name + "=" + gate->outputs.at(0).skip;
  };
  CHECK(output("{uses: owner/refgate@v1}") == "skip_execution=true");
  CHECK(output("{uses: owner/refgate@v1, with: {command: gate}}") == "skip_execution=true");
  CHECK(output("{uses: owner/refgate@v1, with: {Command: finish}}") == "");
  CHECK(output("{run: ./bin/refgate gate --wait 5m}") == "skip_execution=true");
  CHECK(output("{run: refgate finish}") == "");
  CHECK(output("{run: python3 session_deduplicator.py check a b c}") == "skip_execution=true");
  CHECK(output("{uses: fkirc/skip-duplicate-actions@v5}") == "should_skip=true");
  CHECK(output("{uses: actions/checkout@v4}") == "");
}

TEST_CASE("the events file knows types and those that start a workflow by default") {
  const Facts& facts = built_in_facts();
  REQUIRE(facts.event("pull_request") != nullptr);
  CHECK(facts.event("pull_request")->default_types ==
        std::vector<std::string>{"opened", "synchronize", "reopened"});
  CHECK(facts.event("issues")->default_types == facts.event("issues")->types);
  CHECK(facts.event("push")->types.empty());
  CHECK(facts.event("nothing") == nullptr);
}

TEST_CASE("the configuration sets levels, paths, options and facts") {
  auto read = read_lint_config(R"(rules:
  duplicate-entry: off
  agent-without-timeout:
    level: error
    paths-ignore: ['.github/workflows/x-*.yml']
    options: {minutes: 45}
facts:
  agents: {actions: [me/agent], commands: my-agent run}
  gates: [{uses: me/gate, outputs: [{name: go, skip: 'no'}]}]
  retry-actions: [me/retry]
forks-only: true
)");
  REQUIRE(std::holds_alternative<LintConfig>(read));
  const LintConfig& config = std::get<LintConfig>(read);
  CHECK(config.rule("duplicate-entry").off);
  CHECK(config.rule("agent-without-timeout").level == Severity::error);
  CHECK(config.rule("agent-without-timeout").options.at("minutes") ==
        std::vector<std::string>{"45"});
  CHECK(config.rule("agent-without-timeout").paths_ignore.size() == 1);
  CHECK_FALSE(config.rule("syntax").level);
  CHECK(config.forks_only);
  CHECK(launches_agent(OneStep("{uses: me/agent@v1}").step(), config.facts));
  CHECK(launches_agent(OneStep("{run: my-agent run}").step(), config.facts));
  CHECK(gate_of(OneStep("{uses: me/gate@v1}").step(), config.facts)->outputs[0].skip == "no");
  CHECK(config.facts.retry_actions.back() == "me/retry");
  CHECK(config.facts.agent_actions.size() == built_in_facts().agent_actions.size() + 1);
}

TEST_CASE(
    "a configuration that is not understood is refused at its place, with the nearest known word") {
  struct Row {
    const char* text;
    const char* part;
    std::uint32_t line;
  };
  const Row rows[] = {
      {"rule: {}\n", "did you mean `rules`?", 1},
      {"rules:\n  duplicate-entrie: off\n", "did you mean `duplicate-entry`?", 2},
      {"rules:\n  syntax: warn\n", "did you mean `warning`?", 2},
      {"rules:\n  syntax: {levels: off}\n", "did you mean `level`?", 2},
      {"rules:\n  agent-without-timeout: {options: {minute: 3}}\n", "did you mean `minutes`?", 2},
      {"rules:\n  syntax: {options: {minute: 3}}\n", "has no options", 2},
      {"facts: {agent: {}}\n", "did you mean `agents`?", 1},
      {"facts: {gates: [{uses: a/b}]}\n", "outputs", 1},
      {"facts: {agents: {checks: [{use: a/b}]}}\n", "did you mean `uses`?", 1},
      {"facts: {agents: {checks: [{app: a}]}}\n", "`uses`", 1},
      {"facts: {agents: {checks: [{uses: a/b, asks-for-write: maybe}]}}\n", "true or false", 1},
      {"facts: {gates: [{outputs: [{name: a, skip: b}]}]}\n", "`uses` or `command`", 1},
      {"forks-only: sometimes\n", "true or false", 1},
      {"- a\n", "mapping", 1},
      {"a: b: c\n", "quotes", 1},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto read = read_lint_config(row.text);
    REQUIRE(std::holds_alternative<ConfigProblem>(read));
    CHECK(std::get<ConfigProblem>(read).message.find(row.part) != std::string::npos);
    CHECK(std::get<ConfigProblem>(read).place.line == row.line);
  }
  CHECK(std::holds_alternative<LintConfig>(read_lint_config("")));
}

TEST_CASE("an agent of one's own is known by what it is told or handed") {
  const Facts& facts = built_in_facts();
  const std::string credential = "env: {CLAUDE_CODE_OAUTH_TOKEN: '${{ secrets.X }}'}";
  const std::string other = "with: {key: '${{ secrets.CLAUDE_CODE_OAUTH_TOKEN }}'}";
  for (const std::string& step : std::vector<std::string>{
           "{uses: a/b@v1, with: {harness: codex, prompt: x}}",
           "{uses: a/b/c@v1, with: {agent: Claude, task: x}}",
           "{uses: a/b@v1, with: {engine: opencode, prompt-file: x}}",
           "{uses: a/b@v1, with: {agent-profile: tester, task-text: x}}",
           "{uses: a/b@v1, with: {max_turns: 9, prompt: x}}", "{uses: a/b@v1, " + credential + "}",
           "{uses: a/b@v1, " + other + "}", "{run: node scripts/agent.mjs, " + credential + "}",
           "{run: './agent.sh 7', " + credential + "}",
           "{run: '\"$TOOLS/implement.sh\" 7 | tee log', " + credential + "}",
           "{run: npx tsx src/agent.ts, " + credential + "}",
           "{run: npm run agent -- 7, " + credential + "}",
           "{run: docker run -e CLAUDE_CODE_OAUTH_TOKEN agent/image, " + credential + "}",
           "{run: python agent.py, env: {CURSOR_API_KEY: '${{ secrets.X }}'}}"}) {
    INFO(step);
    CHECK(launches_agent(OneStep(step).step(), facts));
    CHECK(likely_launches_agent(OneStep(step).step(), facts));
  }
  for (const std::string& step : std::vector<std::string>{
           "{uses: a/b@v1, with: {harness: codex}}",
           "{uses: a/b@v1, with: {agent: ubuntu, prompt: x}}",
           "{uses: a/b@v1, with: {model: claude, prompt: x}}", "{uses: a/b@v1, with: {prompt: x}}",
           "{uses: a/setup-b@v1, " + other + "}",
           "{uses: actions/github-script@v7, " + credential + "}",
           "{uses: ./b, " + credential + "}",
           "{run: '[ -n \"$CLAUDE_CODE_OAUTH_TOKEN\" ] || exit 1', " + credential + "}",
           "{run: 'gh secret set CLAUDE_CODE_OAUTH_TOKEN', " + credential + "}",
           "{run: node scripts/pick-credential.mjs, " + credential + "}",
           "{run: npm ci, " + credential + "}",
           "{run: node scripts/usage-gate.js, " + credential + "}",
           "{uses: a/b@v1, with: {max_turns: 9}}", "{uses: a/b@v1, with: {task: build}}",
           "{run: npm run test:live, " + credential + "}",
           "{run: docker build ., " + credential + "}",
           "{run: node x.mjs, env: {CLAUDE_CODE_OAUTH_TOKEN: ''}}",
           "{run: node x.mjs, env: {ANTHROPIC_API_KEY: '${{ secrets.X }}'}}"}) {
    INFO(step);
    CHECK_FALSE(launches_agent(OneStep(step).step(), facts));
  }
}

}  // namespace refgate::lint
