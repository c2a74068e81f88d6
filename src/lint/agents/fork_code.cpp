#include "lint/agents/fork_code.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "lint/agents/job_commands.h"
#include "lint/expression/expression_value.h"
#include "lint/github/supposed_run.h"
#include "lint/shell/git_words.h"
#include "lint/shell/shell_commands.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// No name that anybody writes.
constexpr std::string_view fork_commit = "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0";
constexpr std::string_view fork_number = "40404040";

/// What the event tells of the fork's commit.
constexpr const char* commits[] = {
    "github.event.pull_request.head.sha", "github.event.pull_request.merge_commit_sha",
    "github.event.workflow_run.head_sha", "github.event.workflow_run.head_commit.id"};
constexpr const char* numbers[] = {"github.event.pull_request.number", "github.event.number"};
constexpr const char* repositories[] = {"github.event.pull_request.head.repo",
                                        "github.event.workflow_run.head_repository"};

/// Of variables and outputs so many are looked at, of needed jobs so many, and of one script's
/// agents so many.
constexpr std::size_t most_values = 100;
constexpr std::size_t most_needs = 20;
constexpr std::size_t most_agents = 50;
/// Of the steps of local actions that a job runs so many.
constexpr std::size_t most_inside = 200;

/// Whether a script brings the files that steer an agent back from the base, or takes them away.
bool tidies(std::string_view script) {
  return mentions_any(script, {".claude", "CLAUDE.md", "AGENTS.md", ".mcp.json", ".gemini",
                               "GEMINI.md", ".codex", ".cursor", "copilot-instructions"}) &&
         mentions_any(script, {"rm ", "git checkout", "git restore", "mv ", "git clean", "unlink"});
}

/// The first minor version of each major one that refuses a fork's code; v1 never does.
constexpr unsigned refusing_minors[] = {0, 0, 8, 7, 4, 1, 1};

/// nullopt for what is no version.
std::optional<ForkGuard> guard_of_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  unsigned major = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), major);
  if (error != std::errc() || major > 999) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() != '.') return std::nullopt;
  if (major < 2) return ForkGuard::none;
  if (text.empty() || major >= std::size(refusing_minors)) return ForkGuard::refuses;
  unsigned minor = 0;
  if (std::from_chars(text.data() + 1, text.data() + text.size(), minor).ec != std::errc())
    return std::nullopt;
  return minor < refusing_minors[major] ? ForkGuard::none : ForkGuard::refuses;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A commit or branch of this repository's own, by the name that the event or custom gives it.
bool is_base(std::string_view name) {
  return mentions_any(name, {"base.sha", "base.ref", "base_ref", "default_branch", "github.sha",
                             "github.ref_name", "GITHUB_SHA", "GITHUB_BASE_REF"}) ||
         is_one_of(name, {"main", "master", "origin/main", "origin/master", "origin/HEAD"});
}

/// Whether an action has a step that may check something out.
bool brings_code(const Action& action) {
  return std::any_of(action.steps.begin(), action.steps.end(), [](const Step& step) {
    return matches_action(step.uses_text(), "actions/checkout") ||
           mentions_any(step.run_text(), {"git ", "gh pr checkout", "gh pr co"});
  });
}

}  // namespace

void set_fork_code(Scope& scope, std::string_view event, std::string_view repository) {
  set_head_in_fork(scope, repository);
  const auto set = [&](const std::string& path, std::string_view value) {
    scope.set(path, Value::string(std::string(value)));
  };
  const bool is_run = event == "workflow_run";
  for (const std::string path : commits) {
    if ((path.find("workflow_run") != std::string::npos) == is_run) set(path, fork_commit);
  }
  if (is_run) {
    set("github.event.workflow_run.event", "pull_request");
  } else {
    for (const std::string path : numbers)
      set(path, fork_number);
  }
  for (const std::string path : repositories) {
    if ((path.find("workflow_run") != std::string::npos) != is_run) continue;
    const Value name = scope.get(
        is_run ? ContextPath{"github", "event", "workflow_run", "head_repository", "full_name"}
               : ContextPath{"github", "event", "pull_request", "head", "repo", "full_name"});
    if (!name.is_known() || name.kind() != Value::Kind::string) continue;
    for (const char* address : {"clone_url", "html_url", "git_url", "ssh_url", "url"})
      set(path + "." + address, "https://github.com/" + name.as_string());
  }
}

ForkCode::ForkCode(const Project& project, const JobPlace& place, const Scope& scope,
                   ForkOutputs* outputs)
    : project_(project), workflow_(*place.workflow), job_(*place.job), scope_(scope) {
  take_variables();
  if (outputs != nullptr) take_outputs_of_needs(scope, *outputs);
  for (const Step& step : job_.steps)
    follow(step, {&step});
}

void ForkCode::follow(const Step& step, const Running& running) {
  const Expression condition =
      step.condition ? parse_condition(step.condition.value.text()) : Expression();
  if (step.condition && condition.is_valid() && evaluate_condition(condition, scope_) == Truth::no)
    return;
  if (matches_action(step.uses_text(), "actions/checkout"))
    check_out(step, running);
  else if (step.run)
    run(step, running);
  else if (const Action* action = project_.local_action(step.uses_text());
           action != nullptr && running.action == nullptr)
    enter(step, *action);
}

/// A local action is given its inputs and nothing else. What it runs of its own kind is not looked
/// at.
void ForkCode::enter(const Step& step, const Action& action) {
  if (!brings_code(action)) return;
  const Scope outside = scope_;
  scope_.set(ContextPath{"inputs"}, Value::unknown());
  take_inputs(scope_, step.with.value);
  for (const Step& inner : action.steps) {
    if (++inside_ > most_inside) break;
    follow(inner, {&step, &action, inner.index});
  }
  scope_ = outside;
}

/// `with`, as the `inputs` of who is given it.
void ForkCode::take_inputs(Scope& scope, YamlNode given) const {
  std::size_t values = 0;
  for (const Entry& entry : given.entries()) {
    if (++values > most_values) return;
    if (const std::string value = supposed(entry.value.text()); !value.empty())
      scope.set(ContextPath{"inputs", std::string(entry.key.text())}, Value::string(value));
  }
}

Scope ForkCode::inside_of_call() const {
  Scope inside = scope_;
  for (const char* context : {"inputs", "env", "needs", "steps"})
    inside.set(ContextPath{context}, Value::unknown());
  take_inputs(inside, job_.with.value);
  return inside;
}

void ForkCode::take_variables() {
  std::size_t values = 0;
  for (const Entry& env : {workflow_.env, job_.env}) {
    for (const Entry& entry : env.value.entries()) {
      if (!entry.value.has_expression()) continue;
      if (++values > most_values) return;
      if (const std::string value = supposed(entry.value.text()); !value.empty())
        scope_.set(ContextPath{"env", std::string(entry.key.text())}, Value::string(value));
    }
  }
}

/// What a job before this one says, when it is what a checkout of this one is given.
void ForkCode::take_outputs_of_needs(const Scope& scope, ForkOutputs& known) {
  std::string asked(job_.with.value.source());
  for (const Step& step : job_.steps) {
    const std::string_view uses = step.uses_text();
    if (matches_action(uses, "actions/checkout") || uses.starts_with("./"))
      asked += step.with.value.source();
  }
  if (asked.find("needs.") == std::string::npos) return;
  for (std::size_t at = 0; at < std::min(job_.needed.size(), most_needs); ++at) {
    const std::string name = "needs." + std::string(job_.needed[at].text()) + ".";
    if (asked.find(name) == std::string::npos) continue;
    const Job* needed = workflow_.job(job_.needed[at].text());
    if (needed == nullptr || needed == &job_ || !needed->outputs) continue;
    const auto [made, is_new] = known.try_emplace({&scope, needed});
    if (is_new) {
      const ForkCode there(project_, {&workflow_, needed}, scope, nullptr);
      std::size_t outputs = 0;
      for (const Entry& output : needed->outputs.value.entries()) {
        if (++outputs > most_values) break;
        if (there.is_fork(output.value.text()))
          made->second.emplace_back(output.key.text(), there.supposed(output.value.text()));
      }
    }
    for (const auto& [output, value] : made->second)
      scope_.set(ContextPath{"needs", std::string(needed->id), "outputs", output},
                 Value::string(value));
  }
}

/// `echo "sha=${{ github.event.pull_request.head.sha }}" >> "$GITHUB_OUTPUT"`
void ForkCode::take_outputs(const Step& step) {
  const StepVariables variables(workflow_, job_, step);
  for (const std::vector<std::string>& words : shell_commands(step.run_text())) {
    if (words.size() < 2 || (words[0] != "echo" && words[0] != "printf")) continue;
    const std::string& word = words[1];
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const std::string value = variables.resolved(word.substr(equals + 1));
    if (is_fork(value))
      scope_.set(ContextPath{"steps", std::string(step.id), "outputs", word.substr(0, equals)},
                 Value::string(supposed(value)));
  }
}

std::string ForkCode::supposed(std::string_view text) const {
  if (text.find("${{") == std::string_view::npos) return std::string(text);
  const Expression expression = parse_template(text);
  if (!expression.is_valid()) return {};
  const Value value = evaluate(expression, scope_).value;
  return value.is_primitive() ? to_text(value) : std::string();
}

bool ForkCode::is_fork(std::string_view text) const {
  const std::string value = supposed(text);
  const auto own = [&](const ContextPath& path) {
    const Value name = scope_.get(path);
    return name.is_known() && name.kind() == Value::Kind::string && !name.as_string().empty() &&
           value.find(name.as_string()) != std::string::npos;
  };
  return value.find(fork_commit) != std::string::npos ||
         value.find("pull/" + std::string(fork_number) + "/") != std::string::npos ||
         own({"github", "event", "pull_request", "head", "repo", "full_name"}) ||
         own({"github", "event", "workflow_run", "head_repository", "full_name"});
}

void ForkCode::check_out(const Step& step, const Running& running) {
  const std::string_view ref = step.input("ref").value.text();
  const bool fork = is_fork(step.input("repository").value.text()) || is_fork(ref) ||
                    // Of whichever pull request: the number stands elsewhere. (A run tells that of
                    // a fork's to nobody.)
                    (ref.starts_with("refs/pull/") && supposed(ref).empty());
  const Document& document =
      running.action == nullptr ? *workflow_.document : *running.action->document;
  changes_.push_back({running.of_job, entered("", supposed(step.input("path").value.text())), fork,
                      fork ? guard_of(step, document) : ForkGuard::none, running.index});
  if (changes_.size() == 1 && !fork) changes_.clear();
}

void ForkCode::run(const Step& step, const Running& running) {
  const std::string_view script = step.run_text();
  if (running.action == nullptr && !step.id.empty() &&
      script.find("GITHUB_OUTPUT") != std::string_view::npos)
    take_outputs(step);
  if (!changes_.empty() && tidies(script)) {
    changes_.push_back({running.of_job, folder_of(step), false, ForkGuard::none, running.index});
    return;
  }
  if (!mentions_any(script, {"git ", "gh pr checkout", "gh pr co"})) return;
  std::set<std::string> names;  // of remotes and branches that are the fork's
  bool fetched = false;
  std::string folder = folder_of(step);
  const StepVariables variables(workflow_, job_, step);
  const auto is_forks = [&](const std::string& word) {
    const std::string value = variables.resolved(word);
    if (is_fork(value) || names.contains(word) ||
        (value.find("pull/") != std::string::npos && mentions_any(value, {"/head", "/merge"}) &&
         value.find('$') != std::string::npos))
      return true;
    const std::size_t slash = word.find('/');
    return slash != std::string::npos && names.contains(word.substr(0, slash));
  };
  std::size_t number = 0;
  for (const std::vector<std::string>& all : shell_commands(script)) {
    const std::size_t command_number = number++;
    const std::size_t here = running.action == nullptr ? command_number : running.index;
    const std::vector<std::string> words = launched_command(all);
    if (auto next = folder_after(variables, words, folder)) {
      folder = *std::move(next);
      continue;
    }
    if (words.size() > 3 && words[0] == "gh" && words[1] == "pr" &&
        is_one_of(words[2], {"checkout", "co"})) {
      changes_.push_back({running.of_job, folder, true, ForkGuard::none, here});
      continue;
    }
    const std::size_t at = git_command_at(words);
    if (at == 0) continue;
    const std::string there = git_folder(words, folder);
    const std::string& command = words[at];
    const auto first = words.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    const auto named = std::find_if(first, words.end(), is_forks);
    const bool any = named != words.end();
    if (command == "remote" && any && words.size() > at + 2) {
      names.insert(words[at + 2]);
    } else if (command == "fetch" && any) {
      fetched = true;
      if (const std::size_t colon = named->rfind(':'); colon != std::string::npos)
        names.insert(named->substr(colon + 1));
    } else if (is_one_of(command, {"checkout", "switch", "reset", "merge", "rebase", "pull",
                                   "cherry-pick"})) {
      const bool some_files = std::find(first, words.end(), "--") != words.end();
      const bool head = fetched && std::find(first, words.end(), "FETCH_HEAD") != words.end();
      const bool goes = is_one_of(command, {"checkout", "switch", "reset"}) && !changes_.empty() &&
                        std::any_of(first, words.end(), [&](const std::string& word) {
                          return is_base(variables.resolved(word));
                        });
      if ((any || head) && !some_files)
        changes_.push_back({running.of_job, there, true, ForkGuard::none, here});
      else if (goes && !head && !some_files)
        changes_.push_back({running.of_job, there, false, ForkGuard::none, here});
    } else if (command == "clone" && any) {
      const std::vector<std::string> operands = git_operands(words);
      if (operands.empty()) continue;
      const std::string last = operands.size() > 1
                                   ? operands[1]
                                   : cloned_name(supposed(variables.resolved(operands[0])));
      changes_.push_back({running.of_job, entered(there, last), true, ForkGuard::none, here});
    }
  }
}

ForkGuard ForkCode::guard_of(const Step& checkout, const Document& document) const {
  const Entry allowed = checkout.input("allow-unsafe-pr-checkout");
  if (allowed && !same_name(allowed.value.text(), "false")) return ForkGuard::none;
  const std::string_view uses = checkout.uses_text();
  const std::string_view ref = uses.substr(std::min(uses.find('@') + 1, uses.size()));
  std::optional<ForkGuard> guard = guard_of_version(ref);
  if (guard) return *guard;
  // A commit; the comment behind it mostly says which version that is.
  const std::string_view line = document.line(checkout.uses.value.place().line);
  const std::size_t comment = line.find('#');
  if (comment != std::string_view::npos) {
    std::string_view words = line.substr(comment + 1);
    words.remove_prefix(std::min(words.find_first_not_of(" \t"), words.size()));
    guard = guard_of_version(words.substr(0, words.find_first_of(" \t\r")));
  }
  return guard.value_or(ForkGuard::may_refuse);
}

std::string ForkCode::folder_of(const Step& step) const {
  for (const char* name :
       {"working-directory", "working_directory", "cwd", "workdir", "working-dir"}) {
    if (const Entry input = step.input(name)) return entered("", input.value.text());
  }
  return working_folder(workflow_, job_, step);
}

std::optional<ForkCheckout> ForkCode::before(const AgentLaunch& launch, const Facts& facts) const {
  const Step& step = *launch.step;
  std::string folder = folder_of(step);
  if (!step.run) {
    const bool inside =
        launch.action != nullptr && project_.local_action(step.uses_text()) == launch.action;
    return in_folder(folder, step, inside ? launch.launch->index : 0);
  }
  std::string first_folder = folder;  // for an agent that no command of the script's own launches
  const StepVariables variables(workflow_, job_, step);
  std::size_t agents = 0;
  std::size_t command = 0;
  bool moved = false;
  for (const std::vector<std::string>& words : shell_commands(step.run_text())) {
    if (auto next = folder_after(variables, words, folder)) {
      folder = *std::move(next);
      if (!std::exchange(moved, true)) first_folder = folder;
    } else if (!agent_command(words, facts).empty()) {
      if (auto found = in_folder(folder, step, command)) return found;
      if (++agents == most_agents) break;
    }
    ++command;
  }
  return agents > 0 ? std::nullopt : in_folder(first_folder, step, command);
}

std::optional<ForkCheckout> ForkCode::in_folder(const std::string& folder, const Step& step,
                                                std::size_t command) const {
  // The nearest checkout around the folder, and of these the last.
  const Change* found = nullptr;
  for (const Change& change : changes_) {
    const bool is_before = change.step == &step ? change.command < command + (step.run ? 1 : 0)
                                                : change.step->index < step.index;
    if (!is_before || !is_below(folder, change.folder)) continue;
    if (found == nullptr || change.folder.size() >= found->folder.size()) found = &change;
  }
  if (found == nullptr || !found->fork) return std::nullopt;
  return ForkCheckout{found->step, found->guard};
}

}  // namespace refgate::lint
