#pragma once
// A run with the details that the event alone leaves open supposed, so that the conditions people
// write come out as they mostly do: a person of the project works on an ordinary branch, without
// labels. What conditions compare with is taken from them.

#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/evaluate.h"
#include "lint/expression/expression.h"
#include "lint/github/event_scope.h"

namespace refgate::lint {

struct SupposedRun {
  std::string event;
  std::string type;  ///< empty for events without types
  std::string repository = "owner/name";
  std::string branch = "topic";  ///< pushed to, or the head of the pull request
  std::string base = "main";     ///< of the pull request
  bool fork = false;             ///< the head lies in another repository
  bool draft = false;
  bool on_pull_request = true;  ///< for issue_comment
  std::string text;             ///< of the comment, review, issue or pull request
  std::string label;            ///< the one that was put on, and the only one that is there
};

/// What is known of such a run, over scope_of_event.
Scope scope_of(const SupposedRun& run);

/// Lays over the scope of an event of pull requests or `workflow_run` that the branch which it is
/// about lies in another repository than this one, "owner/name". Facts: "Webhook events and
/// payloads": `workflow_run.pull_requests` is empty for the branch of a fork.
void set_head_in_fork(Scope& scope, std::string_view repository);

/// Of the texts that conditions compare with, so many are tried.
inline constexpr std::size_t most_named = 20;

/// The repositories that conditions compare with, `owner/name` for those that name an owner only;
/// then "owner/name". Never empty.
std::vector<std::string> repositories_named(const std::vector<const Expression*>& conditions);

/// The texts that conditions look for in a body or title: `contains(github.event.comment.body,
/// '@agent')`.
std::vector<std::string> phrases_named(const std::vector<const Expression*>& conditions);

/// The labels that conditions compare with.
std::vector<std::string> labels_named(const std::vector<const Expression*>& conditions);

/// The names of branches that conditions compare with, or what these begin with, without
/// `refs/heads/`.
std::vector<std::string> branches_named(const std::vector<const Expression*>& conditions);

}  // namespace refgate::lint
