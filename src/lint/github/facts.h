#pragma once
// What the rules know about the world: which actions and commands launch agents, which are gates,
// which events have which types. The data lie in lint-rules/facts/*.yml, are compiled in, and
// `facts:` of the configuration file adds to them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lint/shell/word_search.h"
#include "lint/text/document.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// An output of a gate that carries its verdict.
struct VerdictOutput {
  std::string name;
  std::string skip;  ///< its value when the gate says skip
  std::string run;   ///< its value when the gate says run; empty when that is any other value
};

/// A way to recognise a gate step: by `uses` or by a command in `run`.
struct GateFact {
  std::string uses;  ///< "owner/name" or "owner/name/path", `*` for any one part; empty when it is
                     ///< known by its command
  std::string command;  ///< words that a command line of `run` begins with, "refgate gate"; a word
                        ///< matches the last part of a path; empty when known by `uses`
  std::string input;  ///< with `uses`: the input that must be absent or have the value below; empty
                      ///< when no input matters
  std::string input_value;
  std::vector<VerdictOutput> outputs;
};

/// What an agent action, or a called workflow, does by itself before it launches the agent, and
/// whose name it acts under.
struct AgentActionFact {
  std::string uses;             ///< as in Facts::agent_actions
  bool asks_for_write = false;  ///< the actor must be able to write to the repository
  std::string open_input;  ///< with this input set to `*` everybody may; empty when there is none
  bool turns_bots_away = false;
  std::string
      bots_input;  ///< lets in the bots that it names, or all with `*`; empty when there is none
  std::string token_input;  ///< takes a token; without it the action works as its own app
  std::string app_login;    ///< of that app, with `[bot]`; empty when it has none
  std::string tools_input;  ///< the agent may use all its tools, unless this input has one of the
                            ///< words below; empty when that is not known
  std::vector<std::string> tools_words;
};

struct EventFact {
  std::string name;
  std::vector<std::string> types;          ///< every activity type; empty when the event has none
  std::vector<std::string> default_types;  ///< those that start a workflow which names none
  std::vector<std::string> with_opened;    ///< those that GitHub may send together with `opened`
};

/// What an input of this project's action takes.
struct InputFact {
  std::string name;
  enum class Form : std::uint8_t { choice, span, number };
  Form form = Form::choice;
  std::vector<std::string> choices;
  std::vector<std::string> limits;  ///< of a span: the least, and the most
};

class CalleeMemo;
class Project;

/// What the scripts and steps of a project run, found once for all rules. Both are known by where
/// they lie, and so only while the project lives where it is.
class ProjectScripts {
 public:
  struct Script {
    std::size_t size = 0;
    bool names_gate = false;                       ///< has a word that a gate's command begins with
    bool names_agent = false;                      ///< likewise an agent's
    std::vector<std::vector<std::string>> agents;  ///< what agent_commands_in() gives
  };

  ProjectScripts(const Project& project, const struct Facts& facts);
  /// nullptr when it is no script of the project.
  const Script* find(std::string_view script) const;
  /// What launches_agent() says; nothing when it is no step of the project.
  std::optional<bool> launches(const Step& step) const;
  const WordSearch& agents() const { return agents_; }

 private:
  void add_scripts(const std::vector<Step>& steps, const struct Facts& facts);

  WordSearch gates_, agents_;  ///< their commands
  std::unordered_map<const char*, Script> scripts_;
  std::unordered_map<const Step*, bool> launches_;
};

struct Facts {
  std::vector<std::string>
      agent_actions;  ///< "owner/name" or "owner/name/path", `*` for any one part
  std::vector<std::string> agent_workflows;  ///< called ones, "owner/name/.github/workflows/a.yml"
  std::vector<std::string> agent_commands;   ///< words that a command line begins with: "claude",
                                             ///< "copilot", "npx @openai/codex"; options at the
                                             ///< end of them may stand anywhere: "cn -p"
  std::vector<std::string> agent_idle_arguments;  ///< first arguments with which such a command
                                                  ///< launches nothing: "--version", "mcp", "login"
  std::vector<std::string> agent_credentials;     ///< secrets by which nothing but an agent is paid
  std::vector<AgentActionFact> agent_checks;      ///< the first one that fits counts
  std::vector<GateFact> gates;
  std::vector<std::string> retry_actions;
  std::vector<EventFact> events;
  std::vector<std::string> own_commands;  ///< of this project's program, those known here
  std::vector<InputFact> inputs;  ///< of this project's action, those that take a choice or a span
  std::shared_ptr<const ProjectScripts>
      scripts;  ///< of the project that is being linted; may be nullptr
  std::shared_ptr<const CalleeMemo> callees;  ///< likewise (callee_memo.h)

  const EventFact* event(std::string_view name) const;
};

/// The compiled-in facts. Read once.
const Facts& built_in_facts();

/// Whether `uses` (with its `@ref` and any case) names the action of a pattern.
bool matches_action(std::string_view uses, std::string_view pattern);
/// Whether a line of a shell script begins a command with these words: after `|`, `&&`, `;`, `$(`,
/// variable assignments, `sudo`, `env`, `timeout 5m`, `npx`, … are looked through; text in quotes,
/// comments and here-documents is not a command.
bool runs_command(std::string_view script, std::string_view words);

/// Whether a script has the first word of an agent's command. Without one it launches none.
bool names_agent(std::string_view script, const Facts& facts);
/// The commands of a script that launch an agent, each as its words with whatever stands before it
/// (`timeout`, `10m`, `npx`, …); of a script that is handed to a shell elsewhere, the command in
/// it.
std::vector<std::vector<std::string>> agent_commands_in(std::string_view script,
                                                        const Facts& facts);
/// The same for a script of which names_agent() is known.
std::vector<std::vector<std::string>> agent_commands_among(std::string_view script,
                                                           const Facts& facts);
/// The agent's own words when a command launches one, through whatever stands before it (`npx`,
/// `docker run IMAGE`, `script -c`, `refgate run --`); empty when it launches none.
std::vector<std::string> agent_command(const std::vector<std::string>& words, const Facts& facts);
/// The same for the first such call of a Python or JavaScript program: `subprocess.run(["x", …])`.
std::vector<std::string> agent_called_in(std::string_view program, const Facts& facts);
/// Whether `uses` names an action that launches an agent.
bool names_agent_action(std::string_view uses, const Facts& facts);
/// Whether a job calls a workflow that launches an agent.
bool calls_agent_workflow(const Job& job, const Facts& facts);
/// Whether `uses` is named like one of them, as a fork is: `*/my-claude-code-action`. What the
/// known one checks by itself is not known of it.
bool resembles_agent_action(std::string_view uses, const Facts& facts);
/// Whether a step that names no known agent launches one all the same, as far as can be told: an
/// action that is told which (`agent: claude`, with a prompt), or a program that is handed a
/// credential of agents. What it checks by itself is not known.
bool likely_launches_agent(const Step& step, const Facts& facts);
/// The commands of a script by which it runs programs that nobody knows here, each with whatever
/// stands before it, as `agent_commands_in` gives them.
std::vector<std::vector<std::string>> own_programs_in(std::string_view script);
/// Whether a step, other than one of an action of this repository, is handed a credential of
/// agents, under a name that does not say that it sets something up.
bool is_handed_credential(const Step& step, const Facts& facts);
/// Whether a step launches an agent, by `uses` or `run`; likely ones too.
bool launches_agent(const Step& step, const Facts& facts);
/// The gate that a step is, or nullptr.
const GateFact* gate_of(const Step& step, const Facts& facts);

}  // namespace refgate::lint
