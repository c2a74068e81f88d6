// What a command or a program does that starts workflows. Facts: the manual of `gh`, "REST API
// endpoints".

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <utility>

#include "lint/deeds/deeds.h"
#include "lint/shell/shell_call.h"

namespace refgate::lint {
namespace {

using Words = std::vector<std::string>;

bool has(const Words& command, std::initializer_list<std::string_view> flags) {
  return std::any_of(command.begin(), command.end(), [&](const std::string& word) {
    return std::find(flags.begin(), flags.end(), word) != flags.end();
  });
}

std::vector<std::string> labels_in(const Words& command) {
  std::vector<std::string> labels;
  const std::string list = flag_of(command, "--label", "-l").value_or("");
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    labels.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return labels;
}

/// What a subcommand of gh that names its subject does.
std::optional<BareDeed> deed_of_gh(const Words& command) {
  const std::string& subject = command[1];
  const std::string& verb = command[2];
  const bool on_pull_request = subject == "pr";
  if (subject == "release" && verb == "create" && !has(command, {"--draft", "-d"}))
    return BareDeed{Deed::release};
  if (!on_pull_request && subject != "issue") return std::nullopt;
  DeedDetails about;
  about.on_pull_request = on_pull_request;
  if (verb == "comment") {
    if (has(command, {"--edit-last", "--delete-last", "--web", "-w"})) return std::nullopt;
    about.says = flag_of(command, "--body", "-b");
    return BareDeed{Deed::comment, std::move(about)};
  }
  if (verb == "review" && on_pull_request) {
    about.says = flag_of(command, "--body", "-b");
    return BareDeed{Deed::review, std::move(about)};
  }
  if (verb == "edit" && flag_of(command, "--add-label"))
    return BareDeed{Deed::label, std::move(about)};
  if (verb != "create" || has(command, {"--web", "-w", "--dry-run"})) return std::nullopt;
  about.title = flag_of(command, "--title", "-t");
  about.labels = labels_in(command);
  if (!on_pull_request) return BareDeed{Deed::open_issue, std::move(about)};
  about.base = flag_of(command, "--base", "-B");
  about.draft = has(command, {"--draft", "-d"});
  return BareDeed{Deed::open_pull_request, std::move(about)};
}

/// What a POST to a path of GitHub's API does.
std::optional<Deed> deed_of_path(std::string_view path) {
  path = path.substr(0, path.find('?'));
  while (path.ends_with('/'))
    path.remove_suffix(1);
  const auto goes_to = [&](std::string_view folder, std::string_view end) {
    return path.ends_with(end) && path.find(folder) != std::string_view::npos;
  };
  if (goes_to("/issues/", "/comments")) return Deed::comment;
  if (goes_to("/pulls/", "/comments")) return Deed::comment_on_line;
  if (goes_to("/pulls/", "/reviews")) return Deed::review;
  if (goes_to("/issues/", "/labels")) return Deed::label;
  if (path.ends_with("/issues")) return Deed::open_issue;
  if (path.ends_with("/pulls")) return Deed::open_pull_request;
  if (path.ends_with("/releases")) return Deed::release;
  return std::nullopt;
}

/// The method of a request that has, or has not, something to send.
bool is_post(const Words& command, bool sends) {
  std::optional<std::string> method = flag_of(command, "--method");
  if (!method) method = flag_of(command, "--request");
  if (!method) method = flag_of(command, "-X", "-X");
  return method ? *method == "POST" : sends;
}

bool sends_fields(const Words& command) {
  return std::any_of(command.begin(), command.end(), [](const std::string& word) {
    for (const std::string_view flag :
         {"-f", "-F", "--field", "--raw-field", "--input", "-d", "--data", "--json"}) {
      if (word.starts_with(flag)) return true;
    }
    return false;
  });
}

std::optional<BareDeed> deed_of_request(const Words& command) {
  for (std::size_t at = 1; at < command.size(); ++at) {
    const std::string_view word = command[at];
    if (word.find("repos/") == std::string_view::npos || word.starts_with('-')) continue;
    if (!names_own_repository(word)) continue;
    const std::optional<Deed> deed = deed_of_path(word);
    if (deed && is_post(command, sends_fields(command))) return BareDeed{*deed};
  }
  return std::nullopt;
}

struct Call {
  std::string_view name;
  Deed deed;
};

/// What stands between the parentheses behind a call.
std::string_view arguments_at(std::string_view program, std::size_t begin) {
  std::size_t open = 1;
  std::size_t end = begin;
  while (end < program.size() && open > 0) {
    if (program[end] == '(') ++open;
    if (program[end] == ')') --open;
    ++end;
  }
  return program.substr(begin, end - begin);
}

/// Whether an argument is a text that is written out: `owner: 'octo'`.
bool is_literal(std::string_view arguments, std::string_view name) {
  const std::size_t at = arguments.find(name);
  if (at == std::string_view::npos) return false;
  const std::size_t value = arguments.find_first_not_of(": ", at + name.size());
  return value != std::string_view::npos &&
         std::string_view("'\"`").find(arguments[value]) != std::string_view::npos &&
         !names_own_repository(arguments.substr(value, arguments.find(',', value) - value));
}

}  // namespace

bool calls_for_own_repository(std::string_view program, std::string_view call) {
  for (std::size_t at = program.find(call); at != std::string_view::npos;
       at = program.find(call, at + 1)) {
    const std::size_t line = program.rfind('\n', at) + 1;
    if (program.substr(line, at - line).find("//") != std::string_view::npos) continue;
    const std::string_view arguments = arguments_at(program, at + call.size());
    if (!is_literal(arguments, "owner:") && !is_literal(arguments, "repo:")) return true;
  }
  return false;
}

std::vector<BareDeed> deeds_of_program(std::string_view program) {
  constexpr auto calls = std::to_array<Call>({{"createComment(", Deed::comment},
                                              {"createReviewComment(", Deed::comment_on_line},
                                              {"createReview(", Deed::review},
                                              {"addLabels(", Deed::label},
                                              {"issues.create(", Deed::open_issue},
                                              {"pulls.create(", Deed::open_pull_request},
                                              {"createRelease(", Deed::release}});
  std::vector<BareDeed> found;
  for (const Call& call : calls) {
    if (calls_for_own_repository(program, call.name)) found.push_back({call.deed});
  }
  return found;
}

std::vector<BareDeed> deeds_of_command(const StepVariables& variables, const JobCommand& command) {
  const Words& words = command.words;
  if (words.size() < 3) return {};
  if (words[0] == "curl" || (words[0] == "gh" && words[1] == "api")) {
    const auto deed = deed_of_request(words);
    return deed ? std::vector<BareDeed>{*deed} : std::vector<BareDeed>();
  }
  if (words[0] == "gh") {
    const bool told = flag_of(words, "--repo", "-R").has_value();
    if ((command.other_repository && !told) || gh_names_other(variables, words)) return {};
    auto deed = deed_of_gh(words);
    return deed ? std::vector<BareDeed>{*std::move(deed)} : std::vector<BareDeed>();
  }
  const std::string_view option = program_option(words[0]);
  if (option.empty()) return {};
  std::vector<BareDeed> found;
  for (std::size_t at = 1; at + 1 < words.size(); ++at) {
    if (words[at] != option) continue;
    for (BareDeed& deed : deeds_of_program(words[at + 1]))
      found.push_back(std::move(deed));
  }
  return found;
}

}  // namespace refgate::lint
