// Every event of GitHub's "Events that trigger workflows", and no other: webhooks that start no
// workflow (commit_comment, pull_request_review_thread, sub_issues, …) have no row. project,
// project_card and project_column only exist on GitHub Enterprise Server releases that still have
// classic projects. image_version is the newest (custom runner images, 2025).

#include <algorithm>
#include <array>

#include "core/event/event_rules.h"

namespace refgate {
namespace {

using namespace event_readers;

constexpr std::array rules = {
    EventRule{{"branch_protection_rule", "repository", "rule, action and revision", ""},
              false,
              branch_protection_rule},
    EventRule{{"check_run", "branch",
               "check, app, conclusion or action, head commit and branch; a re-request or a "
               "requested action: "
               "the run",
               ""},
              true,
              check_run},
    EventRule{{"check_suite", "branch",
               "app, conclusion, head commit and branch; a re-request: the run", ""},
              true,
              check_suite},
    EventRule{{"create", "branch or tag", "the new ref, its commit and the time of the push", ""},
              false,
              create_ref},
    EventRule{{"delete", "branch or tag", "the ref and the time of the push that deleted it", ""},
              false,
              delete_ref},
    EventRule{{"deployment", "branch or tag", "deployment", ""}, false, deployment},
    EventRule{{"deployment_status", "branch or tag", "deployment and state", ""},
              false,
              deployment_status},
    EventRule{
        {"discussion", "discussion", "discussion; an action with what it is about and when", ""},
        false,
        discussion},
    EventRule{
        {"discussion_comment", "discussion", "comment; an edit or deletion with its time", ""},
        false,
        discussion_comment},
    EventRule{{"fork", "repository", "the fork that was made", ""}, false, fork},
    EventRule{{"gollum", "repository", "the wiki pages and their commits", ""}, false, gollum},
    EventRule{{"image_version", "repository", "run",
               "GitHub documents no payload that would name the image and its version"},
              false,
              on_the_repository},
    EventRule{{"issue_comment", "pull request or issue",
               "comment; an edit or deletion with its time", ""},
              false,
              issue_comment},
    EventRule{
        {"issues", "issue", "issue; an action with what it is about and when", ""}, false, issues},
    EventRule{
        {"label", "repository", "label; an edit or deletion with its time", ""}, false, label},
    EventRule{{"merge_group", "branch",
               "the group's ref and head commit, joined with the push of the queue's branch", ""},
              true,
              merge_group},
    EventRule{
        {"milestone", "repository", "milestone; an action with its time", ""}, false, milestone},
    EventRule{{"page_build", "repository", "build", ""}, false, page_build},
    EventRule{{"project", "repository", "project; an action with its time", ""}, false, project},
    EventRule{
        {"project_card", "repository", "card; an action with its time", ""}, false, project_card},
    EventRule{{"project_column", "repository", "column; an action with its time", ""},
              false,
              project_column},
    EventRule{{"public", "repository", "repository", ""}, false, made_public},
    EventRule{
        {"pull_request", "pull request",
         "head branch and head commit, for its number and base, joined with the push of the head "
         "branch; an action that brings no code: pull request, action, whom or what it names "
         "and when",
         ""},
        true,
        pull_request},
    EventRule{
        {"pull_request_review", "pull request", "review; an edit or dismissal with its time", ""},
        false,
        pull_request_review},
    EventRule{{"pull_request_review_comment", "pull request",
               "comment; an edit or deletion with its time", ""},
              false,
              pull_request_review_comment},
    EventRule{{"pull_request_target", "pull request", "as pull_request", ""}, true, pull_request},
    EventRule{{"push", "branch or tag",
               "the ref and the commit, joined with pull requests from that branch unless it is "
               "the default "
               "branch; a tag or a deletion with its time",
               ""},
              true,
              push},
    EventRule{{"registry_package", "repository", "package version; an update with its time", ""},
              false,
              registry_package},
    EventRule{
        {"release", "tag",
         "release, however many actions announce it; an edit, unpublication or deletion with its "
         "time",
         ""},
        false,
        release},
    EventRule{{"repository_dispatch", "repository", "run",
               "its sender alone knows whether two of them mean the same work"},
              false,
              on_the_repository},
    EventRule{{"schedule", "branch", "run", "each tick of the clock is work of its own"},
              false,
              on_a_ref},
    EventRule{{"status", "branch", "context, state and commit", ""}, true, status},
    EventRule{{"watch", "repository", "who starred it and when", ""}, false, watch},
    EventRule{{"workflow_call", "branch or tag", "run",
               "a called workflow is given its caller's event, and that one decides"},
              false,
              on_a_ref},
    EventRule{{"workflow_dispatch", "branch or tag", "run", "someone asked for this very run"},
              false,
              on_a_ref},
    EventRule{{"workflow_run", "branch",
               "source workflow, its conclusion or action, head branch and commit, for the pull "
               "requests it "
               "names; where the source was about no commit, the source run and its conclusion",
               ""},
              true,
              workflow_run},
};

constexpr auto rows = [] {
  std::array<EventRow, rules.size()> copies{};
  for (std::size_t i = 0; i < rules.size(); ++i)
    copies[i] = rules[i].row;
  return copies;
}();

constexpr bool by_name(const EventRow& left, const EventRow& right) {
  return left.name < right.name;
}
static_assert(std::is_sorted(rows.begin(), rows.end(), by_name));

}  // namespace

const EventRule* find_event_rule(std::string_view name) {
  const auto found = std::lower_bound(
      rules.begin(), rules.end(), name,
      [](const EventRule& rule, std::string_view wanted) { return rule.row.name < wanted; });
  return found != rules.end() && found->row.name == name ? &*found : nullptr;
}

std::span<const EventRow> event_table() { return rows; }

}  // namespace refgate
