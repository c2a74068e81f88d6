// Events that are about code: which fields of a payload say what is looked at and where the answer
// goes, and whom it comes from.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event/event_identity.h"
#include "core/event/event_rules.h"
#include "core/text/digest.h"

namespace refgate {
namespace {

Entity branch_or_none(std::string name) {
  return name.empty() ? Entity{} : Entity{EntityKind::branch, std::move(name)};
}

// Outside unless both repositories are one; a deleted head repository is null. Ids decide where
// both have one, since names change. GitHub always mentions the head's repository, so a payload
// without it was written by hand, for this repository.
Trust trust_by(EventSource& source, const std::string& head, const std::string& base) {
  EventPayload& payload = source.payload;
  if (!payload.mentions(head)) return Trust::repository;
  if (!payload.has(head)) return Trust::outside;
  if (payload.has(head + ".id") && payload.has(base + ".id")) {
    const auto id = payload.number(head + ".id");
    return !id.empty() && id == payload.number(base + ".id") ? Trust::repository : Trust::outside;
  }
  const auto name = payload.text_if_any(head + ".full_name");
  auto ours = payload.text_if_any(base + ".full_name");
  if (ours.empty()) ours = payload.text_if_any("repository.full_name");
  if (ours.empty()) ours = source.environment.repository;
  return !name.empty() && name == ours ? Trust::repository : Trust::outside;
}

Trust trust_of_pull_request(EventSource& source) {
  return trust_by(source, "pull_request.head.repo", "pull_request.base.repo");
}

// A branch of a fork may have the name of one of ours; "owner:name" is how GitHub shows it, and no
// branch name holds a colon.
Entity branch_of(EventPayload& payload, const std::string& branch_path, Trust trust,
                 const std::string& owner_path) {
  std::string name = payload.text_if_any(branch_path);
  if (name.empty() || trust == Trust::repository) return branch_or_none(std::move(name));
  const std::string owner = payload.text_if_any(owner_path);
  return owner.empty() ? Entity{} : branch_or_none(owner + ":" + name);
}

// "pull_request" of a review or a label is read the same way everywhere.
void read_pull_request_parts(EventSource& source, Event& event) {
  event.trust = event.charged_to = trust_of_pull_request(source);
  event.entity = {EntityKind::pull_request, source.payload.number("pull_request.number")};
  event.head_commit = source.head("pull_request.head.sha");
}

// "synchronized" is how Gitea and Forgejo spell it.
bool brings_code(EventPayload& payload, std::string_view action) {
  return action.empty() || action == "opened" || action == "synchronize" || action == "reopened" ||
         action == "ready_for_review" || action == "synchronized" ||
         (action == "edited" && payload.has("changes.base"));
}

/// A fork's repository, by which it is told; one that is gone is told by `otherwise`.
std::string origin_of(EventPayload& payload, const Event& event, const std::string& head,
                      const std::string& otherwise) {
  if (event.trust == Trust::repository) return {};
  std::string name = payload.text_if_any(head + ".full_name");
  if (name.empty()) name = payload.number_if_any(head + ".id");
  return name.empty() ? otherwise : name;
}

/// Of a pull request from a fork.
std::string fork_of(EventPayload& payload, const Event& event) {
  return origin_of(payload, event, "pull_request.head.repo", "pull/" + event.entity.value);
}

std::string default_branch(EventPayload& payload) {
  std::string name = payload.text_if_any("repository.default_branch");
  return name.empty() ? payload.text_if_any("pull_request.base.repo.default_branch") : name;
}

/// What is compared must be commits, and one branch for them to go to.
void brings(Event& event, std::string base, std::string onto) {
  if (base.empty() || is_null_object_id(base) || onto.empty() || !is_commit_name(event.head_commit))
    return;
  event.change = BroughtChange{std::move(base), event.head_commit, std::move(onto)};
}

/// A branch of a fork bears its repository's name.
void arrives(Event& event, std::string branch, const std::string& origin, std::string before) {
  if (branch.empty() || event.head_commit.empty()) return;
  const std::string kind = event.kind == "push" ? "push" : "pull_request";
  event.arrival = Arrival{origin.empty() ? std::move(branch) : origin + ":" + branch,
                          event.head_commit, std::move(before), kind, event.run_id};
}

void cover(Event& event, std::string number, std::string base) {
  if (!number.empty()) event.covers.push_back({std::move(number), std::move(base)});
  std::sort(event.covers.begin(), event.covers.end());
}

NamedParts with_branch(NamedParts parts, std::string branch, std::string origin) {
  // Marked, so that one of them without the other stays what it is.
  parts.push_back({"head branch", branch.empty() ? "" : "on " + std::move(branch)});
  parts.push_back({"head repository", origin.empty() ? "" : "of " + std::move(origin)});
  return parts;
}

}  // namespace

Entity entity_of_ref(std::string_view ref) {
  constexpr std::string_view heads = "refs/heads/";
  constexpr std::string_view tags = "refs/tags/";
  if (ref.starts_with(heads) && ref.size() > heads.size())
    return {EntityKind::branch, std::string(ref.substr(heads.size()))};
  if (ref.starts_with(tags) && ref.size() > tags.size())
    return {EntityKind::tag, std::string(ref.substr(tags.size()))};
  return {};
}

std::string EventSource::runner_commit() const {
  if (!is_object_id(environment.sha) || is_null_object_id(environment.sha)) return {};
  return in_lower_case(environment.sha);
}

// An abbreviation of what the payload says in full is that.
std::string EventSource::head(std::string_view path) {
  if (overrides.head_commit.empty()) return payload.commit(path);
  std::string said = in_lower_case(overrides.head_commit);
  if (said.size() >= 7 && payload.has(path))
    if (std::string full = in_lower_case(payload.text_if_any(path));
        is_object_id(full) && full.starts_with(said))
      return full;
  return overrides.head_commit;
}

std::string time_of_push(EventPayload& payload) {
  // Gitea and Forgejo send no pushed_at.
  std::string time = payload.time_if_any("repository.pushed_at");
  return time.empty() ? payload.time_if_any("repository.updated_at") : time;
}

void read_unknown(EventSource& source, Event& event) {
  if (source.payload.has("pull_request"))
    event.trust = event.charged_to = trust_of_pull_request(source);
}

namespace event_readers {
namespace {

// What a ref pointed to is told by its old value. Branches and tags of one name may come and go, so
// the time of the push goes in.
void deletion(EventSource& source, Event& event) {
  auto& payload = source.payload;
  identify(event, "deletion",
           {{"ref", payload.text("ref")},
            {"commit that it pointed to", payload.commit("before")},
            {"time", time_of_push(payload)}});
}

// `after` of an annotated tag is the tag object; `head_commit` is the commit either way. A tag that
// is deleted and pushed again at the same commit is how people ask for a release again.
void tag(EventSource& source, Event& event) {
  auto& payload = source.payload;
  const bool has_commit = payload.has("head_commit.id");
  event.head_commit = source.head(has_commit ? "head_commit.id" : "after");
  if (source.overrides.head_commit.empty() && !payload.given())
    event.head_commit = source.runner_commit();
  identify(event, "tag",
           {{"commit", event.head_commit},
            {"tag", event.entity.value},
            {"time", time_of_push(payload)}});
}

}  // namespace

void push(EventSource& source, Event& event) {
  auto& payload = source.payload;
  std::string ref = payload.given() ? payload.text_if_any("ref") : "";
  if (ref.empty()) ref = source.environment.ref;
  event.entity = entity_of_ref(ref);
  if (source.overrides.head_commit.empty() && payload.flag("deleted")) {
    deletion(source, event);
    return;
  }
  event.about_commit = true;
  if (event.entity.kind == EntityKind::tag && payload.given()) {
    tag(source, event);
    return;
  }
  // For push alone GITHUB_SHA is the pushed commit, so it stands in where there is no payload or
  // one that does not mention the commit.
  if (const auto pushed = source.runner_commit();
      source.overrides.head_commit.empty() && !payload.mentions("after") && !pushed.empty())
    event.head_commit = pushed;
  else
    event.head_commit = source.head("after");
  if (event.entity.kind != EntityKind::branch) {
    // A ref of another kind is only told by its whole name.
    if (ref.empty())
      identify_by_commit(event);
    else
      identify(event, "ref", {{"commit", event.head_commit}, {"ref", ref}});
    return;
  }
  identify_by_head(event, "head", event.entity.value, "");
  arrives(event, event.entity.value, "", payload.given() ? payload.text_if_any("before") : "");
  const std::string main = default_branch(payload);
  brings(event, event.entity.value == main ? payload.text_if_any("before") : main, main);
  if (event.entity.value.starts_with("gh-readonly-queue/"))
    event.twin = "the merge group of this branch of the queue";
  else if (event.entity.value != main)
    event.twin = "pull requests from " + event.entity.value + " at this commit";
}

void pull_request(EventSource& source, Event& event) {
  auto& payload = source.payload;
  if (!payload.given()) {
    constexpr std::string_view prefix = "refs/pull/";
    const std::string_view ref = source.environment.ref;
    if (const auto end = ref.find('/', prefix.size());
        ref.starts_with(prefix) && end != std::string_view::npos)
      event.entity = {EntityKind::pull_request,
                      std::string(ref.substr(prefix.size(), end - prefix.size()))};
    event.head_commit = source.head("pull_request.head.sha");
    event.about_commit = true;
    identify_by_commit(event);
    return;
  }
  read_pull_request_parts(source, event);
  event.charged_to = charged_for_action(payload, event, "pull_request", event.trust);
  if (!brings_code(payload, event.action)) {
    identify(event, "pull-request",
             with_action({{"pull request", event.entity.value}, {"head commit", event.head_commit}},
                         payload, event, "pull_request"));
    event.twin = "the same action as pull_request and as pull_request_target";
    return;
  }
  event.about_commit = true;
  cover(event, event.entity.value, payload.text_if_any("pull_request.base.ref"));
  brings(event, payload.text_if_any("pull_request.base.sha"),
         payload.text_if_any("pull_request.base.ref"));
  const std::string branch = payload.text_if_any("pull_request.head.ref");
  // A base that was changed is no new head.
  if (event.action != "edited")
    arrives(event, branch, fork_of(payload, event), payload.text_if_any("before"));
  if (branch.empty() && event.trust == Trust::repository) {
    identify_by_commit(event);
  } else if (event.trust == Trust::outside) {
    identify_by_head(event, "fork-head", branch, fork_of(payload, event));
  } else if (branch == default_branch(payload)) {
    // What the default branch is pushed for is not what a pull request from it asks.
    identify_by_head(event, "pull-head", branch, "");
  } else {
    identify_by_head(event, "head", branch, "");
    event.twin = "the push of " + branch + " at this commit";
  }
}

namespace {

/// Gitea and Forgejo send a review, and a comment of one, as an action of its pull request, and
/// neither with a number of its own.
bool is_told_by_its_words(EventSource& source, Event& event, std::string_view kind) {
  auto& payload = source.payload;
  if (event.action != "reviewed" || !payload.number_if_any("review.id").empty()) return false;
  identify(event, kind,
           with_action({{"pull request", event.entity.value},
                        {"head commit", event.head_commit},
                        {"reviewer", payload.text_if_any("sender.login")},
                        {"words", payload.fingerprint("review")}},
                       payload, event, "pull_request"));
  return true;
}

}  // namespace

void pull_request_review(EventSource& source, Event& event) {
  read_pull_request_parts(source, event);
  if (event.trust == Trust::repository)
    event.trust = event.charged_to = trust_of_author(source.payload, "review");
  if (is_told_by_its_words(source, event, "review")) return;
  identify(event, "review",
           with_action({{"review", source.payload.number("review.id")}}, source.payload, event,
                       "review"));
}

void pull_request_review_comment(EventSource& source, Event& event) {
  read_pull_request_parts(source, event);
  if (event.trust == Trust::repository)
    event.trust = event.charged_to = trust_of_author(source.payload, "comment");
  if (is_told_by_its_words(source, event, "review-comment")) return;
  identify(event, "review-comment",
           with_action({{"comment", source.payload.number("comment.id")}}, source.payload, event,
                       "comment"));
}

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

// A report is who says what of which commit and branch. Never the run or its attempt, or an agent
// that re-runs its source would never end; a source that ran for the push and for the pull request
// of one head is one report.
//
// Only these source events are about the commit that the run names: any other ran on the default
// branch's head, whatever it was about.
void workflow_run(EventSource& source, Event& event) {
  auto& payload = source.payload;
  if (!payload.given()) {
    event.head_commit = source.head("workflow_run.head_sha");
    event.about_commit = true;
    identify_by_commit(event);
    return;
  }
  event.trust = event.charged_to = trust_by(source, "workflow_run.head_repository", "repository");
  event.entity = branch_of(payload, "workflow_run.head_branch", event.trust,
                           "workflow_run.head_repository.owner.login");
  event.head_commit = source.head("workflow_run.head_sha");
  const std::string cause = payload.text_if_any("workflow_run.event");
  const std::string conclusion = payload.text_if_any("workflow_run.conclusion");
  std::string workflow = payload.number_if_any("workflow.id");
  if (workflow.empty()) workflow = payload.number_if_any("workflow_run.workflow_id");
  std::string name = payload.text_if_any("workflow.name");
  if (name.empty()) name = payload.text_if_any("workflow_run.name");
  const bool over = event.action.empty() || event.action == "completed";
  NamedParts parts = {{"source workflow", name},
                      {"its id", workflow},
                      {over ? "conclusion" : "action", over ? conclusion : event.action}};
  if (!is_one_of(cause, {"push", "pull_request", "pull_request_target", "merge_group"})) {
    // Strangers can start these, by an app that answers their pull request too, and nothing here
    // tells who did: whatever joins them to other work, they mute none of the repository's own.
    // What names neither a source event nor a head's repository was written by hand.
    const bool unnamed =
        cause.empty() && !payload.number_if_any("workflow_run.head_repository.id").empty();
    if (unnamed || is_one_of(cause, {"issue_comment", "issues", "discussion", "discussion_comment",
                                     "watch", "fork", "gollum", "pull_request_review",
                                     "pull_request_review_comment", "workflow_run", "check_run",
                                     "check_suite", "status", "deployment_status"}))
      event.trust = event.charged_to = Trust::outside;
    parts.insert(parts.begin(), {"source run", payload.number("workflow_run.id")});
    identify(event, "report-of-run", std::move(parts));
    return;
  }
  event.about_commit = true;
  parts.insert(parts.begin(), {"head commit", event.head_commit});
  const std::string branch = payload.text_if_any("workflow_run.head_branch");
  const std::string origin = origin_of(payload, event, "workflow_run.head_repository",
                                       "run/" + payload.number_if_any("workflow_run.id"));
  // What the default branch is pushed for is not what a pull request from it asks.
  if (event.trust == Trust::repository && !branch.empty() && branch == default_branch(payload) &&
      is_one_of(cause, {"pull_request", "pull_request_target"}))
    parts.push_back({"source event", "by pull request"});
  identify(event, "report", with_branch(std::move(parts), branch, origin));
  event.twin = "the same report on a run for the push and for the pull request of this head";
  if (cause != "merge_group") {
    arrives(event, branch, origin, "");
    if (event.arrival) {
      event.arrival->kind = cause == "push" ? "push" : "pull_request";
      event.arrival->run_id = payload.number_if_any("workflow_run.id");
    }
  }
  if (cause == "push" || cause == "merge_group" || !payload.has("workflow_run.pull_requests"))
    return;
  const auto named = payload.count("workflow_run.pull_requests");
  for (std::size_t i = 0; i < named && payload.error().empty(); ++i) {
    const std::string at = "workflow_run.pull_requests." + std::to_string(i);
    cover(event, payload.number(at + ".number"), payload.text_if_any(at + ".base.ref"));
  }
}

namespace {

// GitHub gives check runs and suites a null head branch when the commit was pushed to a fork
// ("Checks" in the REST reference). A tag's may be null too; taking it for an outsider's costs one
// launch, the other way round a fork could mute the repository.
void read_check(EventSource& source, Event& event, const std::string& suite,
                const std::string& commit) {
  auto& payload = source.payload;
  event.head_commit = source.head(commit);
  if (!payload.given()) return;
  event.trust = !payload.mentions(suite + ".head_branch") || payload.has(suite + ".head_branch")
                    ? Trust::repository
                    : Trust::outside;
  if (payload.has(suite + ".head_repository"))
    event.trust = trust_by(source, suite + ".head_repository", "repository");
  event.charged_to = event.trust;
  event.entity = branch_of(payload, suite + ".head_branch", event.trust,
                           suite + ".head_repository.owner.login");
}

void pressed(Event& event) {
  event.exempt_because = "somebody pressed a button, and nothing tells two presses apart";
}

std::string origin_of_check(EventSource& source, const Event& event, const std::string& suite) {
  if (event.trust == Trust::repository) return {};
  return source.payload.text_if_any(suite + ".head_repository.full_name");
}

std::string app_of(EventPayload& payload, const std::string& at) {
  std::string app = payload.text_if_any(at + ".app.slug");
  if (app.empty()) app = payload.number_if_any(at + ".app.id");
  return app.empty() ? app : "by " + app;
}

}  // namespace

void check_suite(EventSource& source, Event& event) {
  auto& payload = source.payload;
  read_check(source, event, "check_suite", "check_suite.head_sha");
  if (event.action == "rerequested") return pressed(event);
  event.about_commit = true;
  if (!payload.given()) return identify_by_commit(event);
  const bool over = event.action.empty() || event.action == "completed";
  identify(event, "check-suite",
           with_branch({{"head commit", event.head_commit},
                        {"app", app_of(payload, "check_suite")},
                        {over ? "conclusion" : "action",
                         over ? payload.text_if_any("check_suite.conclusion") : event.action}},
                       payload.text_if_any("check_suite.head_branch"),
                       origin_of_check(source, event, "check_suite")));
}

void check_run(EventSource& source, Event& event) {
  auto& payload = source.payload;
  read_check(source, event, "check_run.check_suite", "check_run.head_sha");
  if (event.action == "rerequested" || event.action == "requested_action") return pressed(event);
  event.about_commit = true;
  if (!payload.given()) return identify_by_commit(event);
  const bool over = event.action.empty() || event.action == "completed";
  std::string app = app_of(payload, "check_run");
  if (app.empty()) app = app_of(payload, "check_run.check_suite");
  identify(event, "check",
           with_branch({{"head commit", event.head_commit},
                        {"check", payload.text("check_run.name")},
                        {"app", app},
                        {over ? "conclusion" : "action",
                         over ? payload.text_if_any("check_run.conclusion") : event.action}},
                       payload.text_if_any("check_run.check_suite.head_branch"),
                       origin_of_check(source, event, "check_run.check_suite")));
}

// The group's branch is pushed as well: both are its one arrival.
void merge_group(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.head_commit = source.head("merge_group.head_sha");
  event.about_commit = true;
  if (!payload.given()) return identify_by_commit(event);
  event.entity = entity_of_ref(payload.text_if_any("merge_group.base_ref"));
  const std::string ref = payload.text_if_any("merge_group.head_ref");
  const Entity head = entity_of_ref(ref);
  if (!event.action.empty() && event.action != "checks_requested") {
    event.about_commit = false;
    identify(event, "merge-group",
             {{"head commit", event.head_commit}, {"head ref", ref}, {"action", event.action}});
  } else if (head.kind == EntityKind::branch) {
    if (event.entity.kind == EntityKind::branch)
      brings(event, payload.text_if_any("merge_group.base_sha"), event.entity.value);
    identify_by_head(event, "head", head.value, "");
    event.twin = "the push of the queue's branch " + head.value;
  } else {
    identify(event, "merge-group", {{"head commit", event.head_commit}, {"head ref", ref}});
  }
}

// The payload lists up to ten branches of the repository that hold the commit; a commit on none of
// them came from elsewhere.
void status(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.head_commit = source.head("sha");
  event.about_commit = true;
  if (!payload.given()) return identify_by_commit(event);
  const auto branches = payload.has("branches") ? payload.count("branches") : 0;
  event.trust = branches > 0 || !payload.mentions("branches") ? Trust::repository : Trust::outside;
  event.charged_to = event.trust;
  if (branches == 1) event.entity = branch_or_none(payload.text_if_any("branches.0.name"));
  identify(event, "status",
           {{"commit", event.head_commit},
            {"context", payload.text("context")},
            {"state", payload.text("state")}});
}

namespace {

void read_deployment(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.head_commit = source.head("deployment.sha");
  event.entity = entity_of_ref(source.environment.ref);
  const std::string ref = payload.text_if_any("deployment.ref");
  if (event.entity.kind == EntityKind::none && !is_object_id(ref))
    event.entity = branch_or_none(ref);
}

}  // namespace

void deployment(EventSource& source, Event& event) {
  read_deployment(source, event);
  identify(event, "deployment", {{"deployment", source.payload.number("deployment.id")}});
}

void deployment_status(EventSource& source, Event& event) {
  read_deployment(source, event);
  identify(event, "deployment-status",
           {{"deployment", source.payload.number("deployment.id")},
            {"state", source.payload.text("deployment_status.state")}});
}

}  // namespace event_readers
}  // namespace refgate
