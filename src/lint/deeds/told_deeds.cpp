#include "lint/deeds/told_deeds.h"

#include <cstddef>
#include <string_view>

#include "lint/expression/expression_value.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// Whether a text, in lower case, says before `at` that what follows is not to be done: in the same
/// sentence, or in the name of the list that it stands in (`--disallowedTools`, `"deny"`).
bool is_forbidden(std::string_view text, std::size_t at) {
  constexpr std::size_t longest_list = 1000;
  std::string_view all = text.substr(0, at);
  if (all.size() > longest_list) all.remove_prefix(all.size() - longest_list);
  if (all.ends_with("bash(")) {
    const std::size_t allow = all.rfind("allow");
    const std::size_t deny = all.rfind("deny");
    if (deny != std::string_view::npos && (allow == std::string_view::npos || allow < deny))
      return true;
    return allow != std::string_view::npos && allow > 2 && all.substr(allow - 3, 3) == "dis";
  }
  const std::size_t sentence = all.find_last_of(".,;\n");
  return mentions_any(all.substr(sentence == std::string_view::npos ? 0 : sentence),
                      {"not ", "n't ", "never ", "without ", "instead of ", "no need", "cannot "});
}

}  // namespace

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

bool is_told_to_push(const std::string& told) {
  const std::string text = to_lower(told);
  for (const std::string_view words :
       {"git push", "commit and push", "commit & push", "push the change", "push your change",
        "push the fix", "push your fix", "push the commit", "push your commit"}) {
    for (std::size_t at = text.find(words); at != std::string_view::npos;
         at = text.find(words, at + 1)) {
      if (!is_forbidden(text, at)) return true;
    }
  }
  return false;
}

std::string told_to(const Step& launch, const Facts& facts) {
  if (launch.uses) return std::string(launch.with.value.source());
  std::string text;
  for (const std::vector<std::string>& command : agent_commands_in(launch.run_text(), facts)) {
    for (const std::string& word : command)
      text += word + '\n';
  }
  return text;
}

}  // namespace refgate::lint
