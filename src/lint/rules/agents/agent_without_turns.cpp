// Nobody watches, and nothing ends the session but its job's time: an agent that goes round in
// circles is paid for until then.

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "core/text/blank.h"
#include "lint/agents/agent_work.h"
#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/github/own_action.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// Events by which a person asks for the session, and waits for what comes of it.
bool is_attended(const Start& start) {
  static constexpr auto events = std::to_array<std::string_view>(
      {"workflow_dispatch", "workflow_call", "issue_comment", "pull_request_review",
       "pull_request_review_comment", "discussion_comment", "commit_comment"});
  return std::find(events.begin(), events.end(), start.event) != events.end() ||
         start.type == "labeled" || start.type == "assigned" || start.type == "review_requested";
}

/// Words by which a session is told how far it may go, in any spelling.
bool names_bound(std::string_view text) {
  std::string squeezed = to_lower(text);
  std::erase_if(squeezed, [](char character) { return character == '-' || character == '_'; });
  return mentions_any(squeezed, {"maxturns", "maxsessionturns", "maxbudget", "maxsteps",
                                 "maxiterations", "maxcost", "timeout", "maxtokens"});
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What an agent is told to do, in which words of a bound are only words.
bool is_prompt(std::string_view input) {
  const std::string name = to_lower(input);
  return name.find("prompt") != std::string::npos || name.find("instruction") != std::string::npos;
}

/// Inputs that hand on words of a command line, or settings.
bool holds_options(std::string_view input) {
  const std::string name = to_lower(input);
  return mentions_any(name, {"args", "arguments", "flags", "options", "settings", "config"});
}

/// Whether an `env` or `with` bounds a session, or, `with_unknown`, may.
bool bounds(YamlNode mapping, bool with_unknown) {
  const auto entries = mapping.entries();
  return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
    if (is_prompt(entry.key.text())) return false;
    if (names_bound(entry.key.text())) return true;
    const bool options = holds_options(entry.key.text());
    const std::string_view value = trimmed(entry.value.text());
    const bool is_code = value.starts_with('-') || value.starts_with('{');
    return ((options || is_code) && names_bound(value)) ||
           (with_unknown && options && entry.value.has_expression());
  });
}

/// The next word is the value of one of these, and holds no options.
bool takes_value(std::string_view option) {
  return is_one_of(option, {"--model",
                            "-m",
                            "--output-format",
                            "--input-format",
                            "--allowedTools",
                            "--allowed-tools",
                            "--disallowedTools",
                            "--append-system-prompt",
                            "--system-prompt",
                            "--mcp-config",
                            "--add-dir",
                            "--permission-mode",
                            "--prompt",
                            "--agent",
                            "--cd",
                            "-C",
                            "--sandbox",
                            "--message",
                            "--session-id",
                            "--resume"});
}

using Words = std::set<std::string, std::less<>>;

/// The variables and expressions that stand alone in quotes, as one word each.
Words quoted_words(std::string_view script) {
  Words found;
  for (std::size_t at = script.find('$'); at != std::string_view::npos;
       at = script.find('$', at + 1)) {
    if (at == 0 || (script[at - 1] != '"' && script[at - 1] != '\'')) continue;
    const std::size_t end = script.find_first_of("\"'\n", at);
    if (end != std::string_view::npos && script[end] == script[at - 1])
      found.emplace(script.substr(at, end - at));
  }
  return found;
}

/// Whether a word may come out as several, or as options: `$ARGS` without quotes, `"${ARGS[@]}"`,
/// `${{ inputs.args }}`. One in quotes is one word.
bool may_hold_options(const std::string& word, const Words& quoted) {
  if (word.find("[@]}") != std::string::npos || is_one_of(word, {"$@", "$*", "${@}"})) return true;
  const bool is_expression = word.starts_with("${{");
  const std::string_view name = std::string_view(word).substr(word.starts_with("${") ? 2 : 1);
  const bool is_variable =
      word.size() > 1 && word.front() == '$' &&
      std::all_of(name.begin(), word.starts_with("${") ? name.end() - 1 : name.end(),
                  [](char each) {
                    return std::isalnum(static_cast<unsigned char>(each)) != 0 || each == '_';
                  });
  if (!is_expression && !is_variable) return false;
  return !quoted.contains(word);
}

/// Whether a command that launches an agent bounds it, or may.
bool is_bounded(const std::vector<std::string>& command, const Words& quoted) {
  for (std::size_t at = 0; at < command.size(); ++at) {
    const std::string& word = command[at];
    if (is_one_of(word, {"timeout", "gtimeout"})) return true;
    if (word.starts_with('-') && names_bound(word.substr(0, word.find('=')))) return true;
    // `-c max_turns=5`, `GOOSE_MAX_TURNS=5 goose …`
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos && word.find_first_of(" \n") > equals &&
        names_bound(word.substr(0, equals)))
      return true;
    if (may_hold_options(word, quoted) && (at == 0 || !takes_value(command[at - 1]))) return true;
  }
  return false;
}

/// Whether a script bounds each session that it launches, or may.
bool is_bounded_script(std::string_view script, const Facts& facts) {
  // Settings that it writes first.
  if (mentions_any(script, {"settings.json", "config.toml", "config.y", "maxSessionTurns"}) &&
      names_bound(script))
    return true;
  const auto commands = agent_commands_in(script, facts);
  const Words quoted = quoted_words(script);
  return std::all_of(commands.begin(), commands.end(),
                     [&](const auto& command) { return is_bounded(command, quoted); });
}

bool is_bounded(const AgentLaunch& launch, const Facts& facts) {
  for (const Step* step : {launch.launch, launch.step}) {
    if (step->timeout_minutes || bounds(step->with.value, true) || bounds(step->env.value, false))
      return true;
  }
  if (bounds(launch.job().env.value, false) || bounds(launch.workflow().env.value, false))
    return true;
  const std::string_view script = script_of(*launch.launch).value.text();
  if (script.empty() || agent_commands_in(script, facts).empty())
    // What is written for another shell, or as a program, is not taken apart.
    return !script.empty() || matches_action(launch.launch->uses_text(), "actions/github-script")
               ? names_bound(launch.launch->node.source())
               : false;
  return is_bounded_script(script, facts);
}

}  // namespace

void check_agent_without_turns(const Subject& subject, Sink& sink) {
  const Job* reported = nullptr;
  std::vector<Start> starts;
  for (const AgentLaunch& launch : launches_of(subject)) {
    // What bounds a session inside of another repository's workflow is not seen.
    if (launch.is_likely || launch.is_call() || reported == &launch.own_job() ||
        is_bounded(launch, subject.facts()))
      continue;
    if (starts.empty()) starts = starts_of(*subject.workflow, subject.facts());
    const LaunchConditions& conditions = conditions_of(subject, launch);
    const auto start = std::find_if(starts.begin(), starts.end(), [&](const Start& each) {
      // Whoever is waited for by a word in a text asked for it too.
      return !is_attended(each) && answers_text(*launch.launch, "") &&
             conditions.runs(scope_of(SupposedRun{.event = each.event, .type = each.type})) !=
                 Truth::no;
    });
    if (start == starts.end()) continue;
    reported = &launch.own_job();
    sink.report(subject, launch.place().key,
                "`" + start->event +
                    "` starts this session while nobody watches, and nothing bounds it but the "
                    "time of its job: give it a number of turns (`--max-turns`), a budget, or a "
                    "`timeout` of its own")
        .related(subject, start->trigger->key, "started by this event");
  }
}

}  // namespace refgate::lint
