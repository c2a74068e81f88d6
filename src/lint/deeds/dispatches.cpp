#include "lint/deeds/dispatches.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lint/agents/job_commands.h"
#include "lint/deeds/deeds.h"
#include "lint/github/facts.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {

namespace {

bool names_own_workflow(std::string_view word) {
  return word == "$GITHUB_WORKFLOW" || word == "${GITHUB_WORKFLOW}" ||
         word.find("github.workflow }}") != std::string_view::npos;
}

/// Whether a path of GitHub's API is that of the repository that the run is of.
bool is_own_dispatches(std::string_view path) {
  while (path.ends_with('/'))
    path.remove_suffix(1);
  constexpr std::string_view end = "/dispatches";
  if (!path.ends_with(end) || path.find("/workflows/") != std::string_view::npos) return false;
  path.remove_suffix(end.size());
  for (const std::string_view own :
       {"$GITHUB_REPOSITORY", "${GITHUB_REPOSITORY}", "github.repository }}", "github.repository}}",
        "{owner}/{repo}", ":owner/:repo"}) {
    if (path.ends_with(own)) return true;
  }
  return false;
}

/// The value of a field in the words of a command: `-f event_type=x`, `"event_type": "x"`.
std::string field_in(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  const std::size_t begin = text.find_first_not_of("\"'`=: \\");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return std::string(text.substr(0, text.find_first_of("\"'`, }\n\\")));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += word + ' ';
  return text;
}

std::string event_in_script(const Workflow& from, const Job& job, const Step& step) {
  const std::string_view script = step.run_text();
  if (script.find("/dispatches") == std::string_view::npos) return {};
  for (std::vector<std::string>& words : shell_commands(script)) {
    const std::vector<std::string> command = launched_command(std::move(words));
    if (command.size() < 3 || (command[0] != "gh" && command[0] != "curl")) continue;
    if (std::none_of(command.begin() + 1, command.end(),
                     [](const std::string& word) { return is_own_dispatches(word); }))
      continue;
    if (is_told_other_repository(from, job, step)) continue;
    std::string type = field_in(joined(command), "event_type");
    // From its input: a here-document or a pipe.
    return type.empty() ? field_in(script, "event_type") : type;
  }
  return {};
}

bool says_file(std::string_view text, std::string_view file) {
  for (const char quote : {'\'', '"', '`'}) {
    if (text.find(quote + std::string(file) + quote) != std::string_view::npos) return true;
  }
  return false;
}

/// Whether a script starts a workflow: one of `from` itself may call it `$GITHUB_WORKFLOW`.
bool dispatched_by_script(const Workflow& from, const Job& job, const Step& step,
                          const Workflow& started) {
  const std::string_view script = step.run_text();
  if (script.find("workflow") == std::string_view::npos) return false;
  const std::string file = started.file.substr(started.file.rfind('/') + 1);
  const std::string path = "/workflows/" + file + "/dispatches";
  const StepVariables variables(from, job, step);
  for (std::vector<std::string>& words : shell_commands(script)) {
    const bool told = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return word.starts_with("GH_REPO=") && !names_own_repository(word);
    });
    const std::vector<std::string> command = launched_command(std::move(words));
    if (command.size() < 3 || (command[0] != "gh" && command[0] != "curl")) continue;
    const bool runs = command[1] == "workflow" && command[2] == "run";
    const bool named =
        std::any_of(command.begin() + 1, command.end(), [&](const std::string& word) {
          if (!runs) return word.find(path) != std::string::npos && names_own_repository(word);
          return word == file || word == started.display_name() ||
                 (&from == &started && names_own_workflow(word));
        });
    if (!named) continue;
    if (!runs) return true;
    const bool asked = flag_of(command, "--repo", "-R").has_value();
    const bool other = asked ? gh_names_other(variables, command)
                             : told || is_told_other_repository(from, job, step);
    if (!other) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> sent_event(const Workflow& from, const Job& job, const Step& step) {
  std::string type = event_in_script(from, job, step);
  const std::string_view uses = step.uses_text();
  if (matches_action(uses, "actions/github-script")) {
    const std::string_view program = step.input("script").value.text();
    const bool own = program.find("context.repo") != std::string_view::npos;
    if (own && calls_for_own_repository(program, "createDispatchEvent("))
      type = field_in(program, "event_type");
  } else if (matches_action(uses, "peter-evans/repository-dispatch")) {
    const Entry repository = step.input("repository");
    if (!repository || names_own_repository(repository.value.text()))
      type = step.input("event-type").value.text();
  }
  if (type.empty() || type.find('$') != std::string::npos) return std::nullopt;
  return type;
}

bool dispatches(const Workflow& from, const Job& job, const Step& step, const Workflow& started) {
  if (dispatched_by_script(from, job, step, started)) return true;
  const std::string_view uses = step.uses_text();
  const std::string file = started.file.substr(started.file.rfind('/') + 1);
  if (matches_action(uses, "actions/github-script")) {
    const std::string_view program = step.input("script").value.text();
    return calls_for_own_repository(program, "createWorkflowDispatch(") && says_file(program, file);
  }
  if (!matches_action(uses, "benc-uk/workflow-dispatch")) return false;
  const Entry repository = step.input("repo");
  if (repository && !names_own_repository(repository.value.text())) return false;
  const std::string_view named = step.input("workflow").value.text();
  return named == file || named == started.display_name() ||
         (&from == &started && names_own_workflow(named));
}

}  // namespace refgate::lint
