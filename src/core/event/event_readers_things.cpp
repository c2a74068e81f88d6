// Events that bring no code: issues, comments and what else happens in a repository.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event/event_identity.h"
#include "core/event/event_rules.h"
#include "core/text/lower.h"

namespace refgate {
namespace {

void about_the_repository(Event& event) { event.entity = {EntityKind::repository, ""}; }

void about_a_thing_of_the_repository(EventSource& source, Event& event, std::string_view kind,
                                     const std::string& object) {
  about_the_repository(event);
  identify(event, kind,
           with_action({{object, source.payload.number(object + ".id")}}, source.payload, event,
                       object));
}

bool is_of_the_repository(std::string_view association) {
  return association == "OWNER" || association == "MEMBER" || association == "COLLABORATOR";
}

/// Of a repository that a person owns.
bool is_owner(EventPayload& payload, std::string_view login) {
  return !login.empty() && same_but_for_case(login, payload.text_if_any("repository.owner.login"));
}

}  // namespace

// Gitea and Forgejo write no association (modules/structs of both). Nobody is trusted for what is
// not said: the cost is one more launch, never a muted one.
Trust trust_of_author(EventPayload& payload, const std::string& object) {
  const std::string path = object + ".author_association";
  if (!payload.mentions(path)) {
    std::string author = payload.text_if_any(object + ".user.login");
    if (author.empty()) author = payload.text_if_any("sender.login");
    return is_owner(payload, author) ? Trust::repository : Trust::outside;
  }
  return is_of_the_repository(payload.text_if_any(path)) ? Trust::repository : Trust::outside;
}

// Who is not the author needs a role in the repository for these.
Trust charged_for_action(EventPayload& payload, const Event& event, const std::string& object,
                         Trust otherwise) {
  static constexpr std::string_view granted[] = {
      "labeled",    "unlabeled",    "assigned",         "unassigned",
      "milestoned", "demilestoned", "review_requested", "review_request_removed"};
  if (std::find(std::begin(granted), std::end(granted), event.action) == std::end(granted))
    return otherwise;
  const std::string author = payload.text_if_any(object + ".user.login");
  const std::string sender = payload.text_if_any("sender.login");
  return author.empty() || sender.empty() || author == sender ? otherwise : Trust::repository;
}

namespace event_readers {

void issues(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.entity = {EntityKind::issue, payload.number("issue.number")};
  event.trust = trust_of_author(payload, "issue");
  event.charged_to = charged_for_action(payload, event, "issue", event.trust);
  identify(event, "issue", with_action({{"issue", event.entity.value}}, payload, event, "issue"));
}

void issue_comment(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.entity = {payload.has("issue.pull_request") ? EntityKind::pull_request : EntityKind::issue,
                  payload.number("issue.number")};
  event.trust = event.charged_to = trust_of_author(payload, "comment");
  identify(event, "comment",
           with_action({{"comment", payload.number("comment.id")}}, payload, event, "comment"));
}

void discussion(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.entity = {EntityKind::discussion, payload.number("discussion.number")};
  event.trust = trust_of_author(payload, "discussion");
  event.charged_to = charged_for_action(payload, event, "discussion", event.trust);
  identify(event, "discussion",
           with_action({{"discussion", event.entity.value}}, payload, event, "discussion"));
}

void discussion_comment(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.entity = {EntityKind::discussion, payload.number("discussion.number")};
  event.trust = event.charged_to = trust_of_author(payload, "comment");
  identify(event, "discussion-comment",
           with_action({{"comment", payload.number("comment.id")}}, payload, event, "comment"));
}

namespace {

NamedParts read_ref(EventPayload& payload, Event& event) {
  std::string name = payload.text("ref");
  std::string type = payload.text("ref_type");
  event.entity = {type == "tag" ? EntityKind::tag : EntityKind::branch, name};
  return {{"type", std::move(type)}, {"ref", std::move(name)}};
}

}  // namespace

// GITHUB_SHA is the commit that the new ref points to; the payload has none. A branch of one name
// may come and go often, so the time of the push goes in, where the payload has it.
void create_ref(EventSource& source, Event& event) {
  auto parts = read_ref(source.payload, event);
  event.head_commit = source.runner_commit();
  parts.push_back({"commit", event.head_commit});
  parts.push_back({"time", time_of_push(source.payload)});
  identify(event, "creation", std::move(parts));
}

// Neither the payload nor the environment has the commit that the ref pointed to.
void delete_ref(EventSource& source, Event& event) {
  auto parts = read_ref(source.payload, event);
  parts.push_back({"time", time_of_push(source.payload)});
  identify(event, "deletion", std::move(parts));
}

// A publication is announced by up to three deliveries (created, published, and released or
// prereleased), all with the time of the publication: nothing runs for a draft. One that was taken
// back and published again, or a pre-release that is released later, is work of its own.
void release(EventSource& source, Event& event) {
  auto& payload = source.payload;
  event.entity = {EntityKind::tag, payload.text_if_any("release.tag_name")};
  if (event.entity.value.empty())
    event.entity = {EntityKind::release, payload.number("release.id")};
  event.head_commit = source.runner_commit();
  const std::string id = payload.number("release.id");
  const bool announced = event.action == "published" || event.action == "released" ||
                         event.action == "prereleased" || event.action == "created";
  if (announced) {
    identify(event, "release",
             {{"release", id},
              {"pre-release", payload.flag("release.prerelease") ? "prerelease" : ""},
              {"published", payload.time_if_any("release.published_at")}});
    event.twin = "created, published and released of this release";
  } else {
    identify(event, "release", with_action({{"release", id}}, payload, event, "release"));
  }
}

// One delivery a manifest of a container image, each with a version of its own. The webhook of the
// same content is called "package".
void registry_package(EventSource& source, Event& event) {
  auto& payload = source.payload;
  about_the_repository(event);
  event.head_commit = source.runner_commit();
  const std::string object = payload.has("package") ? "package" : "registry_package";
  NamedParts parts = {{"package", payload.number(object + ".id")},
                      {"version", payload.number_if_any(object + ".package_version.id")}};
  if (event.action != "published")
    parts = with_action(std::move(parts), payload, event, object + ".package_version");
  identify(event, "package", std::move(parts));
}

void page_build(EventSource& source, Event& event) {
  about_the_repository(event);
  if (source.payload.has("build.commit")) event.head_commit = source.payload.commit("build.commit");
  identify(event, "page-build", {{"build", source.payload.number("id")}});
}

// Anybody forks.
void fork(EventSource& source, Event& event) {
  about_the_repository(event);
  event.trust = event.charged_to = Trust::outside;
  identify(event, "fork", {{"fork", source.payload.number("forkee.id")}});
}

// A wiki may be open to everybody, and nothing here tells whether it is.
void gollum(EventSource& source, Event& event) {
  auto& payload = source.payload;
  about_the_repository(event);
  event.trust = event.charged_to =
      is_owner(payload, payload.text_if_any("sender.login")) ? Trust::repository : Trust::outside;
  const auto pages = payload.count("pages");
  NamedParts parts;
  for (std::size_t page = 0; page < pages && payload.error().empty(); ++page) {
    const std::string path = "pages." + std::to_string(page);
    parts.push_back({"page", payload.text(path + ".page_name")});
    parts.push_back({"revision", payload.text(path + ".sha")});
  }
  if (parts.empty()) (void)payload.text("pages.0.page_name");
  identify(event, "wiki", std::move(parts));
}

void made_public(EventSource& source, Event& event) {
  about_the_repository(event);
  identify(event, "public",
           {{"repository", source.payload.number("repository.id")},
            {"time", source.payload.time_if_any("repository.updated_at")}});
}

// Anybody stars, and may do so again.
void watch(EventSource& source, Event& event) {
  about_the_repository(event);
  event.trust = event.charged_to = Trust::outside;
  identify(event, "star",
           {{"person", source.payload.number("sender.id")},
            {"time", source.payload.time_if_any("repository.updated_at")}});
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
