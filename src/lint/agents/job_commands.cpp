#include "lint/agents/job_commands.h"

#include <algorithm>
#include <utility>

#include "lint/github/facts.h"
#include "lint/shell/git_words.h"
#include "lint/shell/shell_commands.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

bool is_name_part(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_';
}

/// The name of a variable, when a word is one and nothing else.
std::string_view variable_name(std::string_view word) {
  if (!word.starts_with('$') || word.starts_with("${{")) return {};
  word.remove_prefix(1);
  if (word.starts_with('{') && word.ends_with('}')) word = word.substr(1, word.size() - 2);
  return std::all_of(word.begin(), word.end(), is_name_part) ? word : std::string_view();
}

/// The value of an assignment, from behind its `=` on.
std::string assigned_value(std::string_view value) {
  value = value.substr(0, value.find_first_of("\n;&"));
  if (value.find("${{") == std::string_view::npos) value = value.substr(0, value.find(' '));
  while (!value.empty() && std::string_view("\"' ").find(value.front()) != std::string_view::npos)
    value.remove_prefix(1);
  while (!value.empty() && std::string_view("\"' ").find(value.back()) != std::string_view::npos)
    value.remove_suffix(1);
  return std::string(value);
}

/// Whose token stands in an address, as in `https://x-access-token:${{ secrets.PAT
/// }}@github.com/…`; nullopt when there is none.
std::optional<AgentIdentity> identity_in(const StepVariables& variables, const Job& job,
                                         std::string_view text) {
  const std::size_t end = text.find("@github.com");
  if (end == std::string_view::npos) return std::nullopt;
  const std::size_t scheme = text.rfind("://", end);
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::string_view user = text.substr(scheme + 3, end - scheme - 3);
  if (user.find("${{") != std::string_view::npos) return identity_of_token(user, job);
  const std::size_t dollar = user.rfind('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  const std::string value = variables.resolved(user.substr(dollar));
  if (value.find("${{") == std::string::npos) return std::nullopt;
  return identity_of_token(value, job);
}

/// What is written out of a name, before its first variable.
std::string written_out(std::string_view name) {
  return std::string(name.substr(0, std::min(name.find('$'), name.find('`'))));
}

bool is_address(std::string_view word) {
  return word.find("://") != std::string_view::npos || word.starts_with("git@");
}

YamlNode default_folder(const Entry& defaults) {
  return defaults.value.entry("run").value.entry("working-directory").value;
}

}  // namespace

bool names_own_repository(std::string_view text) {
  if (mentions_any(text, {".wiki", "github.repository_owner", "GITHUB_REPOSITORY_OWNER"}))
    return false;
  return mentions_any(text, {"github.repository", "GITHUB_REPOSITORY", "{owner}/{repo}",
                             ":owner/:repo", "repository.full_name", "repo.full_name",
                             "repository.html_url", "repository.clone_url", "context.repo"});
}

std::string StepVariables::resolved(std::string_view word) const {
  const std::string_view name = variable_name(word);
  if (name.empty()) return std::string(word);
  const std::string_view script = step_.run_text();
  if (const auto found = assignments().find(name); found != assignments().end())
    return assigned_value(script.substr(found->second));
  for (const YamlNode env : {step_.env.value, job_.env.value, workflow_.env.value}) {
    if (const Entry entry = env.entry(name)) return std::string(entry.value.text());
  }
  return std::string(word);
}

const std::map<std::string_view, std::size_t>& StepVariables::assignments() const {
  if (assignments_) return *assignments_;
  assignments_.emplace();
  const std::string_view script = step_.run_text();
  for (std::size_t at = script.find('='); at != std::string_view::npos;
       at = script.find('=', at + 1)) {
    std::size_t begin = at;
    while (begin > 0 && is_name_part(script[begin - 1]))
      --begin;
    if (begin < at) assignments_->try_emplace(script.substr(begin, at - begin), at + 1);
  }
  return *assignments_;
}

std::string working_folder(const Workflow& workflow, const Job& job, const Step& step) {
  if (step.working_directory) return entered("", step.working_directory.value.text());
  if (!step.run) return {};
  for (const YamlNode folder : {default_folder(job.defaults), default_folder(workflow.defaults)}) {
    if (folder) return entered("", folder.text());
  }
  return {};
}

std::optional<std::string> folder_after(const StepVariables& variables,
                                        const std::vector<std::string>& words,
                                        const std::string& folder) {
  if (words.empty()) return std::nullopt;
  if (words[0] == "popd") return "";
  if (words[0] != "cd" && words[0] != "pushd") return std::nullopt;
  const auto target = std::find_if(words.begin() + 1, words.end(), [](const std::string& word) {
    return word == "-" || !word.starts_with('-');
  });
  if (target == words.end() || *target == "-") return "";
  return entered(folder, variables.resolved(*target));
}

bool is_told_other_repository(const Workflow& workflow, const Job& job, const Step& step) {
  for (const YamlNode env : {step.env.value, job.env.value, workflow.env.value}) {
    if (const Entry entry = env.entry("GH_REPO")) return !names_own_repository(entry.value.text());
  }
  return false;
}

std::optional<std::string> flag_of(const std::vector<std::string>& command,
                                   std::string_view long_name, std::string_view short_name) {
  for (std::size_t at = 1; at < command.size(); ++at) {
    const std::string& word = command[at];
    if (word == long_name || (!short_name.empty() && word == short_name))
      return at + 1 < command.size() ? command[at + 1] : "";
    if (word.starts_with(long_name) && word.size() > long_name.size() &&
        word[long_name.size()] == '=')
      return word.substr(long_name.size() + 1);
    if (!short_name.empty() && word.size() > 2 && word[1] != '-' && word.starts_with(short_name)) {
      const std::string value = word.substr(2);
      return value.starts_with('=') ? value.substr(1) : value;
    }
  }
  return std::nullopt;
}

bool gh_names_other(const StepVariables& variables, const std::vector<std::string>& command) {
  if (const auto repository = flag_of(command, "--repo", "-R"))
    return !names_own_repository(variables.resolved(*repository));
  return std::any_of(command.begin() + 1, command.end(), [](const std::string& word) {
    return word.starts_with("https://github.com/") && !names_own_repository(word);
  });
}

void JobCommands::put(Place place) {
  std::erase_if(places_, [&](const Place& each) { return each.path == place.path; });
  places_.push_back(std::move(place));
}

JobCommands::Place& JobCommands::place(const std::string& directory) {
  Place* found = nullptr;
  for (Place& each : places_) {
    if (is_below(directory, each.path) &&
        (found == nullptr || found->path.size() <= each.path.size()))
      found = &each;
  }
  if (found != nullptr) return *found;
  if (is_outside(directory)) return nowhere_ = {"", true, {}, {}};
  return unknown_;
}

void JobCommands::check_out(const Step& step) {
  const Entry token = step.input("token");
  const Entry repository = step.input("repository");
  Place made;
  made.path = entered("", step.input("path").value.text());
  made.other = repository && !names_own_repository(repository.value.text());
  // A deploy key is a name of its own too.
  made.identity = token ? identity_of_token(token.value, job_)
                  : step.input("ssh-key")
                      ? AgentIdentity{AgentIdentity::Kind::other, std::nullopt}
                      : AgentIdentity{AgentIdentity::Kind::github_token, std::nullopt};
  if (const Entry ref = step.input("ref")) made.branch = branch_named(step, ref.value.text(), {});
  put(std::move(made));
}

void JobCommands::begin(const Step& step) {
  variables_.emplace(workflow_, job_, step);
  directory_ = working_folder(workflow_, job_, step);
  told_other_ = is_told_other_repository(workflow_, job_, step);
}

std::vector<JobCommand> JobCommands::next(const Step& step) {
  begin(step);
  if (matches_action(step.uses_text(), "actions/checkout")) {
    check_out(step);
    begin(step);
  }
  std::vector<JobCommand> found;
  if (!mentions_any(step.run_text(), {"git", "gh ", "cd ", "curl", "create"})) return found;
  for (std::vector<std::string>& words : shell_commands(step.run_text())) {
    bool told_other = told_other_;
    for (const std::string& word : words) {
      if (!word.starts_with("GH_REPO=")) {
        if (word.find('=') == std::string::npos && word != "export") break;
        continue;
      }
      told_other = !names_own_repository(variables_->resolved(word.substr(8)));
      if (words[0] == "export" || words.size() == 1) told_other_ = told_other;
    }
    JobCommand command{launched_command(std::move(words)), false, told_other, {}, {}};
    if (command.words.empty()) continue;
    follow(step, command.words);
    const Place& at =
        place(is_git(command.words) ? git_folder(command.words, directory_) : directory_);
    command.elsewhere = at.other;
    command.other_repository = told_other || (&at != &nowhere_ && at.other);
    command.identity = at.identity;
    command.branch = at.branch;
    found.push_back(std::move(command));
  }
  return found;
}

void JobCommands::follow(const Step& step, const std::vector<std::string>& command) {
  if (auto folder = folder_after(*variables_, command, directory_)) {
    directory_ = *std::move(folder);
  } else if (is_git(command)) {
    follow_git(step, command);
  } else if (command.size() > 2 && command[0] == "gh" && command[1] == "pr" &&
             command[2] == "checkout") {
    place(directory_).branch = {GitBranch::Kind::head, "", false};
  } else if (command.size() > 3 && command[0] == "gh" && command[1] == "repo" &&
             command[2] == "clone") {
    const std::string& name = command[3];
    const std::string folder =
        command.size() > 4 && !command[4].starts_with('-') ? command[4] : cloned_name(name);
    put({entered(directory_, folder), !names_own_repository(variables_->resolved(name)), {}, {}});
  }
}

void JobCommands::follow_git(const Step& step, const std::vector<std::string>& command) {
  const std::size_t at = git_command_at(command);
  if (at == 0) return;
  const std::vector<std::string> arguments(command.begin() + static_cast<std::ptrdiff_t>(at),
                                           command.end());
  const std::vector<std::string> plain = git_operands(command);
  const std::string& verb = arguments[0];
  if (verb == "clone") {
    if (plain.empty()) return;
    const std::string address = variables_->resolved(plain[0]);
    put({entered(git_folder(command, directory_),
                 plain.size() > 1 ? plain[1] : cloned_name(address)),
         !names_own_repository(address),
         identity_in(*variables_, job_, address).value_or(AgentIdentity()),
         {}});
    return;
  }
  const std::string folder = git_folder(command, directory_);
  Place& here = place(folder);
  if (verb == "worktree" && plain.size() > 1 && plain[0] == "add") {
    // Another branch, which is not followed.
    put({entered(folder, plain[1]), true, {}, {}});
    return;
  }
  if (verb == "remote" && plain.size() > 2 && plain[0] == "add")
    remotes_[plain[1]] = !names_own_repository(variables_->resolved(plain[2]));
  for (const std::string& word : arguments) {
    if (auto identity = identity_in(*variables_, job_, variables_->resolved(word)))
      here.identity = *std::move(identity);
  }
  change_branch(step, arguments, here);
}

void JobCommands::change_branch(const Step& step, const std::vector<std::string>& arguments,
                                Place& at) {
  const std::string& verb = arguments[0];
  if (verb == "branch") {
    const std::string& last = arguments.back();
    if (arguments.size() > 1 && !last.starts_with('-')) branches_.insert(last);
    for (const std::string& word : arguments) {
      if (word == "-m" || word == "-M") at.branch = branch_named(step, last, at.branch);
    }
    return;
  }
  if (verb != "checkout" && verb != "switch") return;
  for (std::size_t word = 1; word < arguments.size(); ++word) {
    const std::string& name = arguments[word];
    if (name == "--") return;
    const bool makes = name == "-b" || name == "-B" || name == "-c" || name == "-C" ||
                       name == "--orphan" || name == "--create";
    if (makes) {
      if (word + 1 >= arguments.size()) return;
      branches_.insert(arguments[word + 1]);
      at.branch = branch_named(step, arguments[word + 1], at.branch);
      return;
    }
    if (name.starts_with('-')) continue;
    // `git checkout x` may be about a file.
    const GitBranch branch = branch_named(step, name, at.branch);
    if (verb == "switch" || branches_.contains(name) || branch.kind != GitBranch::Kind::named ||
        name == "main" || name == "master" || name == "develop" || !branch.whole)
      at.branch = branch;
    return;
  }
}

std::string JobCommands::value_of(const Step& step, std::string_view word) const {
  return variables_ && variables_->is_of(step)
             ? variables_->resolved(word)
             : StepVariables(workflow_, job_, step).resolved(word);
}

GitBranch JobCommands::branch_named(const Step& step, std::string_view word,
                                    const GitBranch& current) const {
  using Kind = GitBranch::Kind;
  if (word.starts_with('+')) word.remove_prefix(1);
  for (const std::string_view prefix : {"refs/heads/", "origin/"}) {
    if (word.starts_with(prefix)) word.remove_prefix(prefix.size());
  }
  if (word == "HEAD" || word == "@" || word.empty()) return current;
  const std::string name = value_of(step, word);
  const std::size_t dollar = std::min(name.find('$'), name.find('`'));
  if (dollar == std::string::npos) {
    if (name.find("refs/heads/") == 0) return {Kind::named, name.substr(11), true};
    return {Kind::named, name, true};
  }
  if (dollar == 0) {
    // Asked for its head or not, a run of a pull request is on it.
    if (mentions_any(name, {"head_ref", "HEAD_REF", "head.ref", "head_branch"}))
      return {Kind::head, "", false};
    if (mentions_any(name, {"ref_name", "REF_NAME", "github.ref ", "github.ref}", "GITHUB_REF",
                            "default_branch"}))
      return {Kind::own, "", false};
    // `$(git branch --show-current)`
    if (name.starts_with("$()") || name.starts_with('`')) return current;
  }
  return {Kind::named, written_out(name), false};
}

std::vector<GitBranch> JobCommands::pushed(const JobCommand& command, const Step& step) const {
  const std::size_t at = git_command_at(command.words);
  if (at == 0 || command.words[at] != "push" || command.elsewhere) return {};
  std::vector<std::string> plain;
  bool tags = false;
  for (std::size_t each = at + 1; each < command.words.size(); ++each) {
    const std::string& word = command.words[each];
    if (word == "--dry-run" || word == "-n" || word == "-d" || word.starts_with("--delete") ||
        word == "--prune")
      return {};
    tags = tags || word == "--tags";
    if (word == "-o" || word == "--push-option" || word == "--receive-pack")
      ++each;
    else if (!word.starts_with('-'))
      plain.push_back(word);
  }
  if (tags && plain.size() < 2) return {};
  if (!plain.empty()) {
    const std::string remote = value_of(step, plain[0]);
    const auto added = remotes_.find(remote);
    const bool own = is_address(remote)        ? names_own_repository(remote)
                     : added != remotes_.end() ? !added->second
                                               : remote == "origin" || remote.starts_with('$');
    if (!own) return {};
  }
  if (plain.size() < 2) return {command.branch};
  std::vector<GitBranch> found;
  for (std::size_t each = 1; each < plain.size(); ++each) {
    std::string_view target = plain[each];
    if (target == "tag" || target.starts_with("refs/tags/")) break;
    const bool deletes = target.starts_with(':');
    // A colon in `${{ … }}` or `${x:-y}` is none of git's.
    const std::size_t colon = target.find(':');
    const std::size_t dollar = target.find("${");
    if (colon != std::string_view::npos && (dollar == std::string_view::npos || colon < dollar))
      target.remove_prefix(colon + 1);
    if (!deletes && !target.starts_with("refs/tags/"))
      found.push_back(branch_named(step, target, command.branch));
  }
  return found;
}

}  // namespace refgate::lint
