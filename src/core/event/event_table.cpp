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
               "head commit; for a requested action the check run and the action", ""},
              true,
              check_run},
    EventRule{{"check_suite", "branch", "head commit", ""}, true, check_suite},
    EventRule{{"create", "branch or tag", "the new ref and its commit", ""}, false, create_ref},
    EventRule{{"delete", "branch or tag", "the ref and the time of the push that deleted it", ""},
              false,
              delete_ref},
    EventRule{{"deployment", "branch or tag", "deployment", ""}, false, deployment},
    EventRule{{"deployment_status", "branch or tag", "deployment and state", ""},
              false,
              deployment_status},
    EventRule{{"discussion", "discussion", "discussion, action and what the action is about", ""},
              false,
              discussion},
    EventRule{{"discussion_comment", "discussion",
               "comment; a later edit or deletion is work of its own", ""},
              false,
              discussion_comment},
    EventRule{{"fork", "repository", "the fork that was made", ""}, false, fork},
    EventRule{{"gollum", "repository", "the wiki pages and their commits", ""}, false, gollum},
    EventRule{{"image_version", "repository", "run",
               "GitHub documents no payload that would name the image and its version"},
              false,
              on_the_repository},
    EventRule{{"issue_comment", "pull request or issue",
               "comment; a later edit or deletion is work of its own", ""},
              false,
              issue_comment},
    EventRule{{"issues", "issue", "issue, action and what the action is about", ""}, false, issues},
    EventRule{{"label", "repository", "label; a later edit or deletion is work of its own", ""},
              false,
              label},
    EventRule{{"merge_group", "branch", "head commit", ""}, true, merge_group},
    EventRule{{"milestone", "repository", "milestone and action", ""}, false, milestone},
    EventRule{{"page_build", "repository", "build", ""}, false, page_build},
    EventRule{{"project", "repository", "project and action", ""}, false, project},
    EventRule{{"project_card", "repository", "card and action", ""}, false, project_card},
    EventRule{{"project_column", "repository", "column and action", ""}, false, project_column},
    EventRule{{"public", "repository", "repository", ""}, false, made_public},
    EventRule{{"pull_request", "pull request",
               "head commit; for actions that change no code also the pull request, the action and "
               "its label or person",
               ""},
              true,
              pull_request},
    EventRule{{"pull_request_review", "pull request",
               "review; a later edit or dismissal is work of its own", ""},
              false,
              pull_request_review},
    EventRule{{"pull_request_review_comment", "pull request",
               "comment; a later edit or deletion is work of its own", ""},
              false,
              pull_request_review_comment},
    EventRule{{"pull_request_target", "pull request", "as pull_request", ""}, true, pull_request},
    EventRule{
        {"push", "branch or tag", "head commit; for a deletion the ref and what it pointed to", ""},
        true,
        push},
    EventRule{{"registry_package", "repository",
               "package version; a later update is work of its own", ""},
              false,
              registry_package},
    EventRule{{"release", "tag",
               "release, however many actions announce it; an edit, unpublication or deletion is "
               "work of its own",
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
    EventRule{{"status", "branch", "head commit", ""}, true, status},
    EventRule{{"watch", "repository", "who starred it", ""}, false, watch},
    EventRule{{"workflow_call", "branch or tag", "run",
               "a called workflow is given its caller's event, and that one decides"},
              false,
              on_a_ref},
    EventRule{{"workflow_dispatch", "branch or tag", "run", "someone asked for this very run"},
              false,
              on_a_ref},
    EventRule{{"workflow_run", "branch", "head commit", ""}, true, workflow_run},
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
