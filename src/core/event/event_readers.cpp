// One function an event: which fields of its payload say what it is about, what makes two of them
// the same work, and whom it comes from.

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

// "refs/heads/x" → branch x, "refs/tags/x" → tag x, anything else → none.
Entity entity_of_ref(std::string_view ref) {
  constexpr std::string_view heads = "refs/heads/";
  constexpr std::string_view tags = "refs/tags/";
  if (ref.starts_with(heads) && ref.size() > heads.size())
    return {EntityKind::branch, std::string(ref.substr(heads.size()))};
  if (ref.starts_with(tags) && ref.size() > tags.size())
    return {EntityKind::tag, std::string(ref.substr(tags.size()))};
  return {};
}

// Fork unless both repositories are one; a deleted head repository is null. Ids decide where both
// have one, since names change. GitHub always mentions the head's repository, so a payload without
// it was written by hand, for this repository.
Trust trust_by(EventSource& source, const std::string& head, const std::string& base) {
  EventPayload& payload = source.payload;
  if (!payload.mentions(head)) return Trust::repository;
  if (!payload.has(head)) return Trust::fork;
  if (payload.has(head + ".id") && payload.has(base + ".id")) {
    const auto id = payload.number(head + ".id");
    return !id.empty() && id == payload.number(base + ".id") ? Trust::repository : Trust::fork;
  }
  const auto name = payload.text_if_any(head + ".full_name");
  auto ours = payload.text_if_any(base + ".full_name");
  if (ours.empty()) ours = payload.text_if_any("repository.full_name");
  if (ours.empty()) ours = source.environment.repository;
  return !name.empty() && name == ours ? Trust::repository : Trust::fork;
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

// Checks that "pull_request" of a review or a label is read the same way everywhere.
void read_pull_request_parts(EventSource& source, Event& event) {
  event.trust = trust_of_pull_request(source);
  event.entity = {EntityKind::pull_request, source.payload.number("pull_request.number")};
  event.head_commit = source.head("pull_request.head.sha");
}

bool launches_work_for_the_head(std::string_view action) {
  return action.empty() || action == "opened" || action == "synchronize" || action == "reopened" ||
         action == "ready_for_review";
}

void about_the_repository(Event& event) { event.entity = {EntityKind::repository, ""}; }

void identify(Event& event, std::string_view kind, std::string value) {
  event.identity = {std::string(kind), std::move(value)};
}

void identify_by_commit(Event& event) { identify(event, "commit", event.head_commit); }

void about_a_thing_of_the_repository(EventSource& source, Event& event, std::string_view kind,
                                     const std::string& object) {
  about_the_repository(event);
  identify(
      event, kind,
      identity_with_action(source.payload, event, {source.payload.number(object + ".id")}, object));
}

}  // namespace

std::string EventSource::runner_commit() const {
  if (!is_object_id(environment.sha) || is_null_object_id(environment.sha)) return {};
  std::string id = environment.sha;
  for (char& c : id)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  return id;
}

std::string EventSource::head(std::string_view path) {
  return overrides.head_commit.empty() ? payload.commit(path) : overrides.head_commit;
}

void read_unknown(EventSource& source, Event& event) {
  if (source.payload.has("pull_request")) event.trust = trust_of_pull_request(source);
}

namespace event_readers {

void push(EventSource& source, Event& event) {
  auto& payload = source.payload;
  const std::string ref = payload.given() ? payload.text_if_any("ref") : "";
  event.entity = entity_of_ref(ref.empty() ? source.environment.ref : ref);
  if (source.overrides.head_commit.empty() && payload.flag("deleted")) {
    identify(event, "deletion", identity_text({payload.text("ref"), payload.commit("before")}));
    return;
  }
  // For push alone GITHUB_SHA is the pushed commit, so it stands in where there is no payload or
  // one that does not mention the commit.
  if (const auto pushed = source.runner_commit();
      source.overrides.head_commit.empty() && !payload.mentions("after") && !pushed.empty())
    event.head_commit = pushed;
  else
    event.head_commit = source.head("after");
  identify_by_commit(event);
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
    identify_by_commit(event);
    return;
  }
  read_pull_request_parts(source, event);
  if (launches_work_for_the_head(event.action)) {
    identify_by_commit(event);
    return;
  }
  std::vector<std::string> parts = {event.entity.value, event.head_commit, event.action};
  for (auto& part : subject_of_action(payload, event.action, "pull_request"))
    parts.push_back(std::move(part));
  identify(event, "pull-request", identity_text(parts));
}

void pull_request_review(EventSource& source, Event& event) {
  read_pull_request_parts(source, event);
  identify(
      event, "review",
      identity_with_action(source.payload, event, {source.payload.number("review.id")}, "review"));
}

void pull_request_review_comment(EventSource& source, Event& event) {
  read_pull_request_parts(source, event);
  identify(event, "review-comment",
           identity_with_action(source.payload, event, {source.payload.number("comment.id")},
                                "comment"));
}

void workflow_run(EventSource& source, Event& event) {
  auto& payload = source.payload;
  if (payload.given()) {
    event.trust = trust_by(source, "workflow_run.head_repository", "repository");
    event.entity = branch_of(payload, "workflow_run.head_branch", event.trust,
                             "workflow_run.head_repository.owner.login");
  }
  event.head_commit = source.head("workflow_run.head_sha");
  identify_by_commit(event);
}

// GitHub gives check runs and suites a null head branch when the commit was pushed to a fork
// ("Checks" in the REST reference). A tag's may be null too; taking it for a fork's costs one
// launch, the other way round a fork could mute the repository.
void check_suite(EventSource& source, Event& event) {
  auto& payload = source.payload;
  if (payload.given()) {
    event.trust =
        !payload.mentions("check_suite.head_branch") || payload.has("check_suite.head_branch")
            ? Trust::repository
            : Trust::fork;
    if (payload.has("check_suite.head_repository"))
      event.trust = trust_by(source, "check_suite.head_repository", "repository");
    event.entity = branch_of(payload, "check_suite.head_branch", event.trust,
                             "check_suite.head_repository.owner.login");
  }
  event.head_commit = source.head("check_suite.head_sha");
  identify_by_commit(event);
}

void check_run(EventSource& source, Event& event) {
  auto& payload = source.payload;
  if (payload.given()) {
    event.trust = !payload.mentions("check_run.check_suite.head_branch") ||
                          payload.has("check_run.check_suite.head_branch")
                      ? Trust::repository
                      : Trust::fork;
    if (payload.has("check_run.check_suite.head_repository"))
      event.trust = trust_by(source, "check_run.check_suite.head_repository", "repository");
    event.entity = branch_of(payload, "check_run.check_suite.head_branch", event.trust,
                             "check_run.check_suite.head_repository.owner.login");
  }
  event.head_commit = source.head("check_run.head_sha");
  // A button that a person pressed on one check run.
  if (event.action == "requested_action")
    identify(event, "check-action",
             identity_text(
                 {payload.number("check_run.id"), payload.text("requested_action.identifier")}));
  else
    identify_by_commit(event);
}

void merge_group(EventSource& source, Event& event) {
  if (source.payload.given())
    event.entity = entity_of_ref(source.payload.text_if_any("merge_group.base_ref"));
  event.head_commit = source.head("merge_group.head_sha");
  identify_by_commit(event);
}

// The payload lists up to ten branches of the repository that hold the commit; a commit on none of
// them came from elsewhere.
void status(EventSource& source, Event& event) {
  auto& payload = source.payload;
  if (payload.given()) {
    const auto branches = payload.has("branches") ? payload.count("branches") : 0;
    event.trust = branches > 0 || !payload.mentions("branches") ? Trust::repository : Trust::fork;
    if (branches == 1) event.entity = branch_or_none(payload.text_if_any("branches.0.name"));
  }
  event.head_commit = source.head("sha");
  identify_by_commit(event);
}

void issues(EventSource& source, Event& event) {
  const std::string number = source.payload.number("issue.number");
  event.entity = {EntityKind::issue, number};
  identify(event, "issue", identity_with_action(source.payload, event, {number}, "issue"));
}

void issue_comment(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.entity = {payload.has("issue.pull_request") ? EntityKind::pull_request : EntityKind::issue,
                  payload.number("issue.number")};
  identify(event, "comment",
           identity_with_action(payload, event, {payload.number("comment.id")}, "comment"));
}

void discussion(EventSource& source, Event& event) {
  const std::string number = source.payload.number("discussion.number");
  event.entity = {EntityKind::discussion, number};
  identify(event, "discussion",
           identity_with_action(source.payload, event, {number}, "discussion"));
}

void discussion_comment(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.entity = {EntityKind::discussion, payload.number("discussion.number")};
  identify(event, "discussion-comment",
           identity_with_action(payload, event, {payload.number("comment.id")}, "comment"));
}

namespace {

std::vector<std::string> read_ref(EventPayload& payload, Event& event) {
  std::string name = payload.text("ref");
  std::string type = payload.text("ref_type");
  event.entity = {type == "tag" ? EntityKind::tag : EntityKind::branch, name};
  return {std::move(type), std::move(name)};
}

}  // namespace

// GITHUB_SHA is the commit that the new ref points to; the payload has none.
void create_ref(EventSource& source, Event& event) {
  auto parts = read_ref(source.payload, event);
  event.head_commit = source.runner_commit();
  parts.push_back(event.head_commit);
  identify(event, "creation", identity_text(parts));
}

// Neither the payload nor the environment has the commit that the ref pointed to. A branch of one
// name may come and go often, so the time of the push goes in, where the payload has it.
void delete_ref(EventSource& source, Event& event) {
  auto parts = read_ref(source.payload, event);
  parts.push_back(source.payload.fingerprint("repository.pushed_at"));
  identify(event, "deletion", identity_text(parts));
}

// A publication is announced by up to three deliveries (created, published, and released or
// prereleased). A pre-release that is released later is work of its own.
void release(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.entity = {EntityKind::tag, payload.text_if_any("release.tag_name")};
  if (event.entity.value.empty())
    event.entity = {EntityKind::release, payload.number("release.id")};
  event.head_commit = source.runner_commit();
  const std::string id = payload.number("release.id");
  const bool announced = event.action == "published" || event.action == "released" ||
                         event.action == "prereleased" || event.action == "created";
  if (announced)
    identify(event, "release",
             payload.flag("release.prerelease") ? identity_text({id, "prerelease"}) : id);
  else
    identify(event, "release", identity_with_action(payload, event, {id}, "release"));
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
  identify(event, "deployment", source.payload.number("deployment.id"));
}

void deployment_status(EventSource& source, Event& event) {
  read_deployment(source, event);
  identify(event, "deployment-status",
           identity_text({source.payload.number("deployment.id"),
                          source.payload.text("deployment_status.state")}));
}

// One delivery a manifest of a container image, each with a version of its own. The webhook of the
// same content is called "package".
void registry_package(EventSource& source, Event& event) {
  auto& payload = source.payload;
  about_the_repository(event);
  event.head_commit = source.runner_commit();
  const std::string object = payload.has("package") ? "package" : "registry_package";
  const std::string version = payload.number_if_any(object + ".package_version.id");
  const std::string id = payload.number(object + ".id");
  if (event.action == "published")
    identify(event, "package", identity_text({id, version}));
  else
    identify(event, "package",
             identity_with_action(payload, event, {id, version}, object + ".package_version"));
}

void page_build(EventSource& source, Event& event) {
  about_the_repository(event);
  if (source.payload.has("build.commit")) event.head_commit = source.payload.commit("build.commit");
  identify(event, "page-build", source.payload.number("id"));
}

void fork(EventSource& source, Event& event) {
  about_the_repository(event);
  identify(event, "fork", source.payload.number("forkee.id"));
}

void gollum(EventSource& source, Event& event) {
  auto& payload = source.payload;
  about_the_repository(event);
  const auto pages = payload.count("pages");
  std::vector<std::string> parts;
  for (std::size_t page = 0; page < pages && payload.error().empty(); ++page) {
    const std::string path = "pages." + std::to_string(page);
    parts.push_back(payload.text(path + ".page_name"));
    parts.push_back(payload.text(path + ".sha"));
  }
  if (parts.empty()) (void)payload.text("pages.0.page_name");
  identify(event, "wiki", identity_text(parts));
}

void made_public(EventSource& source, Event& event) {
  about_the_repository(event);
  identify(event, "public", source.payload.number("repository.id"));
}

void watch(EventSource& source, Event& event) {
  about_the_repository(event);
  identify(event, "star", source.payload.number("sender.id"));
}

void label(EventSource& source, Event& event) {
  about_a_thing_of_the_repository(source, event, "label", "label");
}
void milestone(EventSource& source, Event& event) {
  about_a_thing_of_the_repository(source, event, "milestone", "milestone");
}
void branch_protection_rule(EventSource& source, Event& event) {
  about_a_thing_of_the_repository(source, event, "branch-rule", "rule");
}
void project(EventSource& source, Event& event) {
  about_a_thing_of_the_repository(source, event, "project", "project");
}
void project_card(EventSource& source, Event& event) {
  about_a_thing_of_the_repository(source, event, "project-card", "project_card");
}
void project_column(EventSource& source, Event& event) {
  about_a_thing_of_the_repository(source, event, "project-column", "project_column");
}

// What runs by hand or by the clock runs on GITHUB_REF at GITHUB_SHA.
void on_a_ref(EventSource& source, Event& event) {
  event.entity = entity_of_ref(source.environment.ref);
  event.head_commit = source.runner_commit();
}

void on_the_repository(EventSource& source, Event& event) {
  about_the_repository(event);
  event.head_commit = source.runner_commit();
}

}  // namespace event_readers
}  // namespace refgate
