#include "lint/agents/deeds.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

bool mentions_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

/// What a script or a list of an agent's tools says that is done.
std::vector<Deed> deeds_in(std::string_view text) {
  std::vector<Deed> found;
  if (mentions_any(text,
                   {"gh pr comment", "gh issue comment", "createComment(", "add_issue_comment"}))
    found.push_back(Deed::comment);
  if (mentions_any(text, {"create_inline_comment", "createReviewComment("}))
    found.push_back(Deed::comment_on_line);
  if (mentions_any(text, {"gh pr review", "createReview("})) found.push_back(Deed::review);
  if (mentions_any(text, {"--add-label", "addLabels("})) found.push_back(Deed::label);
  if (mentions_any(text, {"gh issue create"})) found.push_back(Deed::open_issue);
  if (mentions_any(text, {"gh pr create"})) found.push_back(Deed::open_pull_request);
  return found;
}

bool starts_workflows(const AgentIdentity& identity) {
  return identity.kind == AgentIdentity::Kind::app || identity.kind == AgentIdentity::Kind::other;
}

/// The value of a variable that a step sees.
YamlNode variable_of(const Job& job, const Step& step, std::string_view name) {
  for (const YamlNode env : {step.env.value, job.env.value}) {
    if (const Entry entry = env.entry(name)) return entry.value;
  }
  return {};
}

/// Whose token stands in an address that a script pushes to, as in
/// `https://x-access-token:${{ secrets.PAT }}@github.com/…`; nullopt when there is none.
std::optional<AgentIdentity> identity_in_address(const Job& job, const Step& step) {
  const std::string_view script = step.run_text();
  const std::size_t end = script.find("@github.com");
  if (end == std::string_view::npos) return std::nullopt;
  const std::size_t scheme = script.rfind("://", end);
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::string_view user = script.substr(scheme + 3, end - scheme - 3);
  if (user.find("${{") != std::string_view::npos) return identity_of_token(user, job);
  const std::size_t dollar = user.rfind('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  std::string_view name = user.substr(dollar + 1);
  if (name.starts_with('{')) name = name.substr(1, name.find('}') - 1);
  const YamlNode value = variable_of(job, step, name);
  if (!value) return std::nullopt;
  return identity_of_token(value, job);
}

/// Whose token the git commands of a job use from step to step: that of the address that they push
/// to, or of the checkout that came before.
class GitIdentity {
 public:
  explicit GitIdentity(const Job& job) : job_(job) {}

  /// Of each step in turn.
  const AgentIdentity& at(const Step& step) {
    if (last_ != nullptr) pass(*last_);
    last_ = &step;
    if (auto in_address = identity_in_address(job_, step)) identity_ = *std::move(in_address);
    return identity_;
  }

 private:
  void pass(const Step& step) {
    if (!matches_action(step.uses_text(), "actions/checkout")) return;
    const Entry token = step.input("token");
    // A deploy key is a name of its own too.
    identity_ = token ? identity_of_token(token.value, job_)
                : step.input("ssh-key")
                    ? AgentIdentity{AgentIdentity::Kind::other, std::nullopt}
                    : AgentIdentity{AgentIdentity::Kind::github_token, std::nullopt};
  }

  const Job& job_;
  const Step* last_ = nullptr;
  AgentIdentity identity_;
};

/// Whether the job works on the branch of the pull request that started it.
bool is_on_head(const Job& job) {
  return std::any_of(job.steps.begin(), job.steps.end(), [](const Step& step) {
    const std::string_view ref = step.input("ref").value.text();
    return (matches_action(step.uses_text(), "actions/checkout") &&
            mentions_any(ref, {"head.ref", "head_ref"})) ||
           mentions_any(step.run_text(), {"gh pr checkout"});
  });
}

/// A word in a commit's message that keeps GitHub from starting workflows for it. Facts: "Skipping
/// workflow runs".
bool skips_runs(const Job& job) {
  return mentions_any(job.node.source(), {"[skip ci]", "[ci skip]", "[no ci]", "[skip actions]",
                                          "[actions skip]", "skip-checks: true"});
}

/// The words behind `git push`, whatever options git itself has; nullopt for other commands.
std::optional<std::vector<std::string>> pushed_by(const std::vector<std::string>& command) {
  if (command.empty() || command[0] != "git") return std::nullopt;
  std::size_t at = 1;
  while (at < command.size() && command[at].starts_with('-'))
    at += command[at] == "-C" || command[at] == "-c" ? 2 : 1;
  if (at >= command.size() || command[at] != "push") return std::nullopt;
  return std::vector<std::string>(command.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                  command.end());
}

bool pushes(std::string_view script) {
  if (script.find("push") == std::string_view::npos) return false;
  for (std::vector<std::string>& words : shell_commands(script)) {
    if (pushed_by(launched_command(std::move(words)))) return true;
  }
  return false;
}

/// Whether a name is that of the branch which started the run.
bool is_own_branch(std::string_view name) {
  if (name.starts_with("refs/heads/")) name.remove_prefix(11);
  if (name == "HEAD" || name == "main" || name == "master") return true;
  return name.starts_with('$') &&
         mentions_any(name, {"ref_name", "REF_NAME", "github.ref ", "github.ref}", "GITHUB_REF",
                             "head_ref", "HEAD_REF", "head.ref", "default_branch"});
}

/// Whether a script pushes to the branch that it stands on: not to another, and not to a new one.
bool pushes_own_branch(std::string_view script) {
  if (mentions_any(script, {"checkout -b", "switch -c", "checkout -B", "gh pr create"}))
    return false;
  for (std::vector<std::string>& words : shell_commands(script)) {
    const auto arguments = pushed_by(launched_command(std::move(words)));
    if (!arguments) continue;
    std::vector<std::string> plain;
    for (const std::string& word : *arguments) {
      if (word.starts_with("--tags") || word.starts_with("--delete")) return false;
      if (!word.starts_with('-')) plain.push_back(word);
    }
    if (plain.size() < 2) return true;
    if (plain.size() > 2) continue;
    std::string_view target = plain[1];
    if (const std::size_t colon = target.find(':'); colon != std::string_view::npos)
      target.remove_prefix(colon + 1);
    if (is_own_branch(target)) return true;
  }
  return false;
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
    if (command.size() < 3 || command[0] != "git" || command[1] != "tag") continue;
    for (std::size_t at = 2; at < command.size(); ++at) {
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

/// What the steps of a job do, from step to step.
class JobDeeds {
 public:
  JobDeeds(const Workflow& workflow, const Job& job)
      : workflow_(workflow),
        job_(job),
        git_(job),
        on_head_(is_on_head(job)),
        skips_runs_(skips_runs(job)) {}

  void add(const Step& step, const Facts& facts) {
    const AgentIdentity& git = git_.at(step);
    if (step.uses) add_action(step, git);
    if (step.run && !launches_agent(step, facts)) add_script(step, git);
  }
  std::vector<Evidence>& found() { return found_; }

 private:
  void add_script(const Step& step, const AgentIdentity& git) {
    const std::string_view script = step.run_text();
    if (!tag_) tag_ = made_tag(script);
    const auto tag = pushed_tag(script, tag_);
    if (tag && !skips_runs_) add(Deed::push_tag, step, git, *tag);
    for (const Deed deed : deeds_in(script))
      add(deed, step, identity_of_script(workflow_, job_, step));
    if (!starts_workflows(git) || !pushes(script)) return;
    if (on_head_)
      add(Deed::push, step, git);
    else if (!skips_runs_ && pushes_own_branch(script))
      add(Deed::push_branch, step, git);
  }

  /// What actions do that are known for it.
  void add_action(const Step& step, const AgentIdentity& git) {
    // Actions that commit and push, and the input that takes a token other than the checkout's.
    constexpr auto pushing = std::to_array<std::pair<std::string_view, std::string_view>>(
        {{"stefanzweifel/git-auto-commit-action", ""},
         {"EndBug/add-and-commit", "github_token"},
         {"ad-m/github-push-action", "github_token"},
         {"github-actions-x/commit", "github-token"},
         {"devops-infra/action-commit-push", "github_token"}});
    const std::string_view uses = step.uses_text();
    for (const auto& [action, input] : pushing) {
      if (skips_runs_ || !matches_action(uses, action)) continue;
      const Entry branch = step.input("branch");
      if (branch && !is_own_branch(branch.value.text())) continue;
      const Entry token = input.empty() ? Entry() : step.input(input);
      add(on_head_ ? Deed::push : Deed::push_branch, step,
          token ? identity_of_token(token.value, job_) : git);
    }
    if (!matches_action(uses, "peter-evans/create-pull-request")) return;
    if (const Entry token = step.input("token"))
      add(Deed::open_pull_request, step, identity_of_token(token.value, job_));
  }

  void add(Deed deed, const Step& step, AgentIdentity identity, std::string tag = {}) {
    if (starts_workflows(identity))
      found_.push_back({deed, &step, std::move(identity), std::move(tag)});
  }

  const Workflow& workflow_;
  const Job& job_;
  GitIdentity git_;
  bool on_head_;
  bool skips_runs_;
  std::optional<std::string> tag_;  ///< the first one that it makes
  std::vector<Evidence> found_;
};

}  // namespace

std::vector<DeedEvent> events_of(Deed deed) {
  switch (deed) {
    case Deed::comment:
      return {{"issue_comment", "created"}};
    case Deed::comment_on_line:
      return {{"pull_request_review_comment", "created"}};
    case Deed::review:
      return {{"pull_request_review", "submitted"}};
    case Deed::label:
      return {
          {"issues", "labeled"}, {"pull_request", "labeled"}, {"pull_request_target", "labeled"}};
    case Deed::push:
      return {{"pull_request", "synchronize"}, {"pull_request_target", "synchronize"}};
    case Deed::push_branch:
    case Deed::push_tag:
      return {{"push", ""}};
    case Deed::dispatch:
      return {{"workflow_dispatch", ""}};
    case Deed::open_issue:
      return {{"issues", "opened"}};
    case Deed::open_pull_request:
      return {{"pull_request", "opened"}, {"pull_request_target", "opened"}};
  }
  return {};
}

std::string_view words_for(Deed deed) {
  switch (deed) {
    case Deed::comment:
    case Deed::comment_on_line:
      return "comment";
    case Deed::review:
      return "review";
    case Deed::label:
      return "label";
    case Deed::push:
    case Deed::push_branch:
      return "push";
    case Deed::push_tag:
      return "tag";
    case Deed::dispatch:
      return "dispatch";
    case Deed::open_issue:
      return "issue";
    case Deed::open_pull_request:
      return "pull request";
  }
  return "";
}

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
    if (answers) found.push_back({Deed::comment, launch.launch, agent, {}});
    for (const Deed deed : deeds_in(launch.launch->with.value.source()))
      found.push_back({deed, launch.launch, agent, {}});
  }
  // What an action pushes or opens before the agent is none of the agent's.
  std::copy_if(of_job.begin(), of_job.end(), std::back_inserter(found), [&](const Evidence& each) {
    return each.step->run || each.step->index >= launch.step->index;
  });
  return found;
}

std::vector<Evidence> deeds_of(const Workflow& workflow, const Job& job, const Facts& facts) {
  JobDeeds deeds(workflow, job);
  for (const Step& step : job.steps) {
    if (deeds.found().size() >= most_deeds) break;
    deeds.add(step, facts);
  }
  return std::move(deeds.found());
}

}  // namespace refgate::lint
