#include "lint/deeds/deeds.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "lint/deeds/script_bounds.h"
#include "lint/deeds/told_deeds.h"
#include "lint/expression/expression_value.h"
#include "lint/shell/git_words.h"
#include "lint/shell/shell_commands.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

bool starts_workflows(const AgentIdentity& identity) {
  return identity.kind == AgentIdentity::Kind::app || identity.kind == AgentIdentity::Kind::other;
}

/// A word in a commit's message that keeps GitHub from starting workflows for it. Facts: "Skipping
/// workflow runs".
bool skips_runs(const Job& job) {
  return mentions_any(job.node.source(),
                      {"[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]",
                       "skip-checks: true", "skip-checks:true"});
}

/// The words behind `git push`, whatever options git itself has; nullopt for other commands.
std::optional<std::vector<std::string>> pushed_by(const std::vector<std::string>& command) {
  const std::size_t at = git_command_at(command);
  if (at == 0 || command[at] != "push") return std::nullopt;
  return std::vector<std::string>(command.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                  command.end());
}

/// Whether a name that is pushed is that of a branch which the job stands on, and none of a tag's.
bool is_own_branch(std::string_view name) {
  if (name.starts_with("refs/heads/")) name.remove_prefix(11);
  if (name == "HEAD" || name == "main" || name == "master") return true;
  return name.starts_with('$') &&
         mentions_any(name, {"ref_name", "REF_NAME", "github.ref ", "github.ref}", "GITHUB_REF",
                             "head_ref", "HEAD_REF", "head.ref", "default_branch"});
}

/// What is written out of a name, before its first variable.
std::string written_out(std::string_view name) {
  return std::string(name.substr(0, std::min(name.find('$'), name.find('`'))));
}

/// The name of a tag that a script makes: `git tag -a v2 -m …`. nullopt when it makes none.
std::optional<std::string> made_tag(std::string_view script) {
  if (!mentions_any(script, {"tag"})) return std::nullopt;
  for (std::vector<std::string>& words : shell_commands(script)) {
    const std::vector<std::string> command = launched_command(std::move(words));
    const std::size_t tag = git_command_at(command);
    if (tag == 0 || command[tag] != "tag") continue;
    for (std::size_t at = tag + 1; at < command.size(); ++at) {
      const std::string& word = command[at];
      if (word == "-l" || word == "-d" || word == "--list" || word == "--delete" ||
          word == "--sort" || word == "--points-at")
        break;
      if (word == "-m" || word == "-F" || word == "-u" || word == "--message") {
        ++at;
      } else if (!word.starts_with('-')) {
        return written_out(word);
      }
    }
  }
  return std::nullopt;
}

/// The tag that a script pushes, of those that the job makes: by its name, or with all others.
std::optional<std::string> pushed_tag(std::string_view script,
                                      const std::optional<std::string>& made) {
  if (!made || !mentions_any(script, {"push"})) return std::nullopt;
  for (std::vector<std::string>& words : shell_commands(script)) {
    const auto arguments = pushed_by(launched_command(std::move(words)));
    if (!arguments) continue;
    std::size_t plain = 0;
    for (const std::string& word : *arguments) {
      if (word == "--tags" || word == "--follow-tags" || word == "--mirror") return made;
      if (word.starts_with('-')) continue;
      // The first one is the remote.
      if (++plain < 2) continue;
      std::string_view name = word;
      if (name.starts_with("refs/tags/")) return written_out(name.substr(10));
      if (name == "tag" || is_own_branch(name)) continue;
      const std::string begin = written_out(name);
      // Two names of which nothing is written out are taken for one.
      if (begin.empty() != made->empty()) continue;
      if (begin.starts_with(*made) || made->starts_with(begin)) return made;
    }
  }
  return std::nullopt;
}

AgentIdentity identity_of_script(const Workflow& workflow, const Job& job, const Step& step) {
  for (const YamlNode env : {step.env.value, job.env.value, workflow.env.value}) {
    for (const char* name : {"GH_TOKEN", "GITHUB_TOKEN"}) {
      if (const Entry token = env.entry(name)) return identity_of_token(token.value, job);
    }
  }
  return {};
}

/// Whose token a request of curl bears: `-H "Authorization: Bearer $TOKEN"`.
AgentIdentity identity_of_request(const StepVariables& variables, const Job& job,
                                  const std::vector<std::string>& command) {
  for (const std::string& word : command) {
    if (to_lower(word.substr(0, 16)).find("authorization") == std::string::npos) continue;
    const std::size_t dollar = word.find('$');
    if (dollar == std::string::npos) continue;
    const std::string token = variables.resolved(word.substr(dollar));
    return token.find("${{") == std::string::npos ? AgentIdentity() : identity_of_token(token, job);
  }
  return {};
}

/// What a program asks before it acts is not followed.
bool asks(std::string_view program) {
  return mentions_any(program, {"if (", "if(", " ? ", "return", ".find(", ".some(", "switch ("});
}

/// An action that does something by itself, and the input that takes its token.
struct DoingAction {
  std::string_view uses;
  std::string_view token;
  Deed deed;
};

/// What the steps of a job do, from step to step.
class JobDeeds {
 public:
  JobDeeds(const Workflow& workflow, const Job& job, const Facts& facts)
      : workflow_(workflow),
        job_(job),
        facts_(facts),
        commands_(workflow, job),
        skips_runs_(skips_runs(job)) {}

  void add(const Step& step) {
    const std::vector<JobCommand> commands = commands_.next(step);
    if (step.uses) add_action(step);
    if (launches_agent(step, facts_) && !is_switched_off(step.condition)) add_told_push(step);
    // Words of a prompt are no commands.
    if (step.run) add_script(step, commands);
  }
  std::vector<Evidence>& found() { return found_; }

 private:
  void add_script(const Step& step, const std::vector<JobCommand>& commands) {
    const std::string_view script = step.run_text();
    if (!tag_) tag_ = made_tag(script);
    const auto tag = pushed_tag(script, tag_);
    if (tag && !skips_runs_)
      add(Deed::push_tag, step, commands.empty() ? AgentIdentity() : commands.back().identity,
          *tag);
    const StepVariables variables(workflow_, job_, step);
    const std::size_t before = found_.size();
    std::vector<std::size_t> sources;  // the command of each deed
    for (std::size_t at = 0; at < commands.size() && found_.size() < most_deeds; ++at) {
      add_command(step, variables, commands[at]);
      sources.resize(found_.size() - before, at);
    }
    if (!sources.empty()) add_questions(step, commands, before, sources);
  }

  void add_command(const Step& step, const StepVariables& variables, const JobCommand& command) {
    for (BareDeed& deed : deeds_of_command(variables, command)) {
      if (deed.deed == Deed::open_pull_request) deed.about.branch = head_of(step, command);
      add(deed.deed, step,
          command.words[0] == "curl" ? identity_of_request(variables, job_, command.words)
                                     : identity_of_script(workflow_, job_, step),
          {}, std::move(deed.about));
    }
    if (skips_runs_ || !starts_workflows(command.identity)) return;
    for (const GitBranch& branch : commands_.pushed(command, step)) {
      // A name that is a tag's, or of which as little is known.
      const bool is_tag = tag_ && branch.kind == GitBranch::Kind::named &&
                          branch.name.starts_with(*tag_) && tag_->empty() == branch.name.empty();
      if (!is_tag) add_push(step, command.identity, branch);
    }
  }

  /// Of each deed of a script, whether something is asked before its command.
  void add_questions(const Step& step, const std::vector<JobCommand>& commands, std::size_t before,
                     const std::vector<std::size_t>& sources) {
    for (std::size_t deed = 0; deed < sources.size(); ++deed)
      found_[before + deed].is_asked = true;
    const ScriptQuestions script = questions_of(workflow_, job_, step);
    std::size_t next = 0;
    std::size_t deed = 0;
    for (const ScriptCommand& each : script.commands) {
      const std::vector<std::string> command = launched_command(each.words);
      if (command.empty()) continue;
      // The words that close a part are none of those.
      while (next < commands.size() && commands[next].words != command)
        ++next;
      for (; deed < sources.size() && sources[deed] <= next; ++deed)
        if (sources[deed] == next) found_[before + deed].is_asked = each.is_asked;
      ++next;
    }
  }

  /// A push that the agent itself is told to make.
  void add_told_push(const Step& step) {
    if (skips_runs_ || commands_.is_elsewhere() || !is_told_to_push(told_to(step, facts_))) return;
    // Some actions give git the token that they work with, others leave it the checkout's.
    const AgentActionFact* fact = agent_action_fact(step, facts_);
    const bool has_own = fact != nullptr && !fact->token_input.empty();
    const AgentIdentity identity =
        has_own ? identity_of({{{&workflow_, &job_}}, &step, &step}, facts_) : commands_.identity();
    if (!starts_workflows(identity)) return;
    DeedDetails about;
    about.branch = commands_.branch();
    // The run of a pull request is about its head, which agents check out by themselves.
    if (about.branch.kind == GitBranch::Kind::own && workflow_.trigger("push") == nullptr &&
        (workflow_.trigger("pull_request") != nullptr ||
         workflow_.trigger("pull_request_target") != nullptr))
      about.branch = {GitBranch::Kind::head, "", false};
    const Deed deed = about.branch.kind == GitBranch::Kind::head ? Deed::push : Deed::push_branch;
    const bool asked = step.run && asks_before_agents(questions_of(workflow_, job_, step), facts_);
    found_.push_back({deed, &step, identity, {}, std::move(about), true, asked});
  }

  void add_push(const Step& step, const AgentIdentity& identity, GitBranch branch) {
    DeedDetails about;
    about.branch = std::move(branch);
    const Deed deed = about.branch.kind == GitBranch::Kind::head ? Deed::push : Deed::push_branch;
    add(deed, step, identity, {}, std::move(about));
  }

  /// The head of the pull request that a command opens. A branch that nobody saw being made has no
  /// name.
  GitBranch head_of(const Step& step, const JobCommand& command) const {
    if (const auto head = flag_of(command.words, "--head", "-H"))
      return commands_.branch_named(step, *head, command.branch);
    if (command.branch.kind == GitBranch::Kind::named) return command.branch;
    return {GitBranch::Kind::named, "", false};
  }

  /// What actions do that are known for it.
  void add_action(const Step& step) {
    const std::string_view uses = step.uses_text();
    add_pushing_action(step);
    add_pull_request_action(step);
    constexpr auto doing = std::to_array<DoingAction>(
        {{"peter-evans/create-or-update-comment", "token", Deed::comment},
         {"actions-ecosystem/action-add-labels", "github_token", Deed::label},
         {"actions-ecosystem/action-create-comment", "github_token", Deed::comment},
         {"andymckay/labeler", "repo-token", Deed::label},
         {"buildsville/add-remove-label", "token", Deed::label},
         {"softprops/action-gh-release", "token", Deed::release},
         {"ncipollo/release-action", "token", Deed::release}});
    for (const DoingAction& action : doing) {
      if (!matches_action(uses, action.uses)) continue;
      const Entry repository = step.input("repository");
      if (step.input("comment-id") || step.input("draft").value.text() == "true" ||
          (repository && !names_own_repository(repository.value.text())))
        continue;
      DeedDetails about;
      if (const Entry body = step.input("body")) about.says = std::string(body.value.text());
      if (const Entry token = step.input(action.token))
        add(action.deed, step, identity_of_token(token.value, job_), {}, std::move(about));
    }
    if (!matches_action(uses, "actions/github-script")) return;
    const Entry token = step.input("github-token");
    const std::string_view program = step.input("script").value.text();
    if (!token || asks(program)) return;
    for (BareDeed& deed : deeds_of_program(program))
      add(deed.deed, step, identity_of_token(token.value, job_), {}, std::move(deed.about));
  }

  void add_pushing_action(const Step& step) {
    // Actions that commit and push, and the input that takes a token other than the checkout's.
    constexpr auto pushing = std::to_array<std::pair<std::string_view, std::string_view>>(
        {{"stefanzweifel/git-auto-commit-action", ""},
         {"EndBug/add-and-commit", "github_token"},
         {"ad-m/github-push-action", "github_token"},
         {"github-actions-x/commit", "github-token"},
         {"devops-infra/action-commit-push", "github_token"}});
    for (const auto& [action, input] : pushing) {
      if (skips_runs_ || !matches_action(step.uses_text(), action)) continue;
      const Entry repository = step.input("repository");
      // Some take a folder by this name, which may be that of a checkout of another repository.
      if (repository ? !names_own_repository(repository.value.text()) : commands_.is_elsewhere())
        continue;
      const Entry token = input.empty() ? Entry() : step.input(input);
      const Entry branch = step.input("branch");
      const GitBranch target =
          branch ? commands_.branch_named(step, branch.value.text(), commands_.branch())
                 : commands_.branch();
      add_push(step, token ? identity_of_token(token.value, job_) : commands_.identity(), target);
    }
  }

  void add_pull_request_action(const Step& step) {
    if (!matches_action(step.uses_text(), "peter-evans/create-pull-request")) return;
    const Entry token = step.input("token");
    if (!token || step.input("push-to-fork") || commands_.is_elsewhere()) return;
    DeedDetails about;
    const Entry branch = step.input("branch");
    about.branch = {GitBranch::Kind::named, "create-pull-request/patch", true};
    if (branch) about.branch = commands_.branch_named(step, branch.value.text(), {});
    if (about.branch.kind != GitBranch::Kind::named)
      about.branch = {GitBranch::Kind::named, "", false};
    if (step.input("branch-suffix")) about.branch.whole = false;
    const auto text_of = [&](std::string_view input) -> std::optional<std::string> {
      const Entry entry = step.input(input);
      if (!entry) return std::nullopt;
      return std::string(entry.value.text());
    };
    about.title = text_of("title");
    about.base = text_of("base");
    about.draft = text_of("draft").value_or("false") != "false";
    if (const auto labels = text_of("labels")) {
      for (std::size_t at = 0; at < labels->size();) {
        const std::size_t end = std::min(labels->find_first_of(",\n", at), labels->size());
        std::string_view label = std::string_view(*labels).substr(at, end - at);
        while (label.starts_with(' '))
          label.remove_prefix(1);
        if (!label.empty()) about.labels.emplace_back(label);
        at = end + 1;
      }
    }
    add(Deed::open_pull_request, step, identity_of_token(token.value, job_), {}, std::move(about));
  }

  void add(Deed deed, const Step& step, AgentIdentity identity, std::string tag = {},
           DeedDetails about = {}) {
    if (starts_workflows(identity))
      found_.push_back({deed, &step, std::move(identity), std::move(tag), std::move(about)});
  }

  const Workflow& workflow_;
  const Job& job_;
  const Facts& facts_;
  JobCommands commands_;
  bool skips_runs_;
  std::optional<std::string> tag_;  ///< the first one that it makes
  std::vector<Evidence> found_;
};

}  // namespace

std::vector<Evidence> evidence_of(const AgentLaunch& launch, const Facts& facts,
                                  const std::vector<Evidence>& of_job) {
  std::vector<Evidence> found;
  const AgentIdentity agent = identity_of(launch, facts);
  const AgentActionFact* fact = agent_action_fact(*launch.launch, facts);
  // Without a prompt these actions answer with a comment of their own; with one when they are told
  // to.
  const auto is_told = [&](std::string_view input) {
    return launch.launch->input(input).value.text() == "true";
  };
  const bool answers =
      fact != nullptr && !fact->app_login.empty() &&
      ((!launch.launch->input("prompt") && !launch.launch->input("direct_prompt")) ||
       is_told("track_progress") || is_told("use_sticky_comment"));
  if (starts_workflows(agent) && launch.action == nullptr) {
    if (answers) found.push_back({Deed::comment, launch.launch, agent, {}, {}, true});
    const std::vector<Deed> told = deeds_in(told_to(*launch.launch, facts));
    const bool asked =
        !told.empty() && launch.launch->run &&
        asks_before_agents(questions_of(launch.workflow(), launch.job(), *launch.launch), facts);
    for (const Deed deed : told)
      found.push_back({deed, launch.launch, agent, {}, {}, true, asked});
  }
  // What an action pushes or opens before the agent is none of the agent's.
  std::copy_if(of_job.begin(), of_job.end(), std::back_inserter(found), [&](const Evidence& each) {
    return each.step->run || each.step->index >= launch.step->index;
  });
  return found;
}

std::vector<Evidence> deeds_of(const Workflow& workflow, const Job& job, const Facts& facts) {
  JobDeeds deeds(workflow, job, facts);
  for (const Step& step : job.steps) {
    if (deeds.found().size() >= most_deeds) break;
    deeds.add(step);
  }
  return std::move(deeds.found());
}

}  // namespace refgate::lint
