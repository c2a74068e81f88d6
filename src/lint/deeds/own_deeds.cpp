#include "lint/deeds/own_deeds.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/expression_value.h"
#include "lint/github/supposed_run.h"
#include "lint/shell/shell_commands.h"
#include "lint/workflow/trigger_filter.h"

namespace refgate::lint {
namespace {

/// Whether the scripts and inputs of the job say this name. What asks for it in a condition does
/// not.
bool says(const Job& job, std::string_view name) {
  return std::any_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
    return step.run_text().find(name) != std::string_view::npos ||
           step.with.value.source().find(name) != std::string_view::npos;
  });
}

void set_head(Scope& scope, const std::string& branch) {
  const Value name = Value::string(branch);
  for (const char* path : {"github.head_ref", "github.event.pull_request.head.ref",
                           "github.event.workflow_run.head_branch"}) {
    scope.set(path, name);
  }
  const Value event = scope.get({"github", "event_name"});
  const bool on_branch = event.is_known() && event.kind() == Value::Kind::string &&
                         same_name(event.as_string(), "push");
  if (!on_branch) return;
  scope.set("github.ref_name", name);
  scope.set("github.ref", Value::string("refs/heads/" + branch));
}

/// A longer one is none that anybody writes.
constexpr std::size_t longest_expression = 1000;

bool is_name_part(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_';
}

std::string_view name_at(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size() && is_name_part(text[end]))
    ++end;
  return text.substr(begin, end - begin);
}

/// The variables of a script whose words stand in it, or come of its own commands.
class Variables {
 public:
  Variables(const Step& step, const std::set<std::string_view>& agents) : agents_(agents) {
    for (const Entry& entry : step.env.value.entries()) {
      if (is_own(entry.value.text())) own_.emplace(entry.key.text());
    }
    const std::string_view script = step.run_text();
    for (std::size_t at = 0; at < script.size();) {
      const std::size_t end = std::min(script.find('\n', at), script.size());
      add_line(script.substr(at, end - at));
      at = end + 1;
    }
  }

  /// Whether what begins a command that reads no file of an agent's. The variables in it are looked
  /// at one by one.
  static bool is_own_command(std::string_view command) {
    command.remove_prefix(std::min(command.find_first_not_of(" \t\n"), command.size()));
    if (command.starts_with("cat <<") || command.starts_with('(')) return true;
    const std::string_view near = command.substr(0, 20);
    const std::string_view first = near.substr(0, near.find_first_of(" \t\n)"));
    constexpr auto plain = std::to_array<std::string_view>(
        {"echo", "printf", "date", "git", "basename", "dirname", "wc", "uname", "hostname"});
    return std::find(plain.begin(), plain.end(), first) != plain.end();
  }

  /// Whether a text has nothing in it that the agent may have said.
  bool is_own(std::string_view text) const {
    for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1))
      if (!is_own_variable(text, at)) return false;
    for (std::size_t at = text.find("cat "); at != std::string_view::npos;
         at = text.find("cat ", at + 1)) {
      // A here-document is the script's own.
      if (!text.substr(at + 4).starts_with("<<")) return false;
    }
    return true;
  }

 private:
  void add_line(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    for (const std::string_view word : {"export ", "local ", "readonly "}) {
      if (line.starts_with(word)) line.remove_prefix(word.size());
    }
    const std::string_view name = name_at(line, 0);
    if (name.empty() || name.size() == line.size() || line[name.size()] != '=') return;
    // Once the agent's is always the agent's, whichever assignment runs.
    if (!is_own(line.substr(name.size() + 1)))
      foreign_.emplace(name);
    else
      own_.emplace(name);
  }

  bool is_own_variable(std::string_view text, std::size_t dollar) const {
    const std::string_view rest = text.substr(dollar + 1);
    if (rest.starts_with("{{")) {
      const std::string_view near = rest.substr(0, longest_expression);
      const std::string_view expression = near.substr(0, near.find("}}"));
      return expression.find("needs.") == std::string_view::npos &&
             expression.find(".body") == std::string_view::npos && !asks_agent(expression);
    }
    if (rest.starts_with("()")) return true;
    if (rest.starts_with('(')) return is_own_command(rest.substr(1));
    const std::string_view name = name_at(rest, rest.starts_with('{') ? 1 : 0);
    if (name.empty() || name.starts_with("GITHUB_") || name.starts_with("RUNNER_")) return true;
    return own_.contains(name) && !foreign_.contains(name);
  }

  /// Whether an expression asks for what an agent's step gave.
  bool asks_agent(std::string_view expression) const {
    for (std::size_t at = expression.find("steps."); at != std::string_view::npos;
         at = expression.find("steps.", at + 1)) {
      const std::string_view rest = expression.substr(at + 6);
      if (agents_.contains(rest.substr(0, rest.find_first_of(". ")))) return true;
    }
    return false;
  }

  const std::set<std::string_view>& agents_;
  std::set<std::string_view> own_, foreign_;
};

/// What a command comments with: "" when it is read from elsewhere; nullopt for another command.
std::optional<std::string> comment_of(const std::vector<std::string>& command) {
  if (command.size() < 3 || command[0] != "gh" || (command[1] != "pr" && command[1] != "issue") ||
      (command[2] != "comment" && command[2] != "review"))
    return std::nullopt;
  for (std::size_t at = 3; at < command.size(); ++at) {
    const std::string& word = command[at];
    if ((word == "--body" || word == "-b") && at + 1 < command.size()) return command[at + 1];
    if (word.starts_with("--body=")) return word.substr(7);
  }
  return "";
}

/// What a request to GitHub's API says: `-f body='on it'`, `-d '{"body": "on it"}'`.
std::optional<std::string> request_of(const std::vector<std::string>& command) {
  if (command.size() < 3 || (command[0] != "curl" && (command[0] != "gh" || command[1] != "api")) ||
      std::none_of(command.begin(), command.end(),
                   [](const std::string& word) { return word.ends_with("/comments"); }))
    return std::nullopt;
  for (std::size_t at = 2; at < command.size(); ++at) {
    std::string_view word = command[at];
    const std::string& flag = command[at - 1];
    const bool sends = flag == "-f" || flag == "-F" || flag == "--field" || flag == "--raw-field" ||
                       flag == "-d" || flag == "--data" || flag == "--json";
    if (!sends) continue;
    if (word.starts_with("body=")) word.remove_prefix(5);
    return word.starts_with('@') ? std::string() : std::string(word);
  }
  return "";
}

/// Whether a step's comment is the text of an input or a program in which nothing is filled in that
/// an agent gave.
bool says_input_only(const Step& step) {
  const Entry body = step.input("body");
  const Entry program = step.input("script");
  const std::string_view text = body ? body.value.text() : program.value.text();
  if (text.empty() || step.input("body-path") || step.input("body-file")) return false;
  constexpr auto foreign = std::to_array<std::string_view>(
      {"steps.", "needs.", "process.env", "readFile", "require(", "core.getInput", "env."});
  return std::none_of(foreign.begin(), foreign.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

}  // namespace

void set_branch(Scope& scope, const GitBranch& branch) {
  if (branch.kind != GitBranch::Kind::named || branch.name.empty()) return;
  set_head(scope, branch.whole ? branch.name : branch.name + "x");
}

void set_details(Scope& scope, const DeedDetails& about) {
  const auto is_there = [&](const char* part) {
    const Value value = scope.get({"github", "event", part});
    return !value.is_known() || value.kind() != Value::Kind::null;
  };
  const bool on_pull_request = is_there("pull_request");
  if (about.says && !about.says->empty()) set_body(scope, *about.says);
  if (about.on_pull_request && is_there("issue"))
    scope.set("github.event.issue.pull_request", Value::unknown(Truth::yes));
  const std::string subject = on_pull_request ? "github.event.pull_request" : "github.event.issue";
  if (about.title) scope.set(subject + ".title", Value::string(*about.title));
  if (!about.labels.empty()) {
    Value::Items labels;
    for (const std::string& label : about.labels)
      labels.push_back(Value::object({{"name", Value::string(label)}}, Completeness::open));
    scope.set(subject + ".labels", Value::array(std::move(labels)));
  }
  if (!on_pull_request) {
    if (!is_there("issue")) set_branch(scope, about.branch);
    return;
  }
  if (about.draft) scope.set("github.event.pull_request.draft", Value::boolean(true));
  if (about.base && about.base->find('$') == std::string::npos) {
    scope.set("github.base_ref", Value::string(*about.base));
    scope.set("github.event.pull_request.base.ref", Value::string(*about.base));
  }
  set_branch(scope, about.branch);
}

bool passes_branches(const Trigger& trigger, const GitBranch& branch) {
  const std::optional<FilterList> list = event_filter(trigger).branch_list();
  if (!list) return false;
  if (branch.kind != GitBranch::Kind::named) return true;
  if (branch.whole) return list->passes(branch.name);
  return list->passes(branch.name + "x") && list->passes(branch.name + "x/1");
}

bool asks_for_output(const std::vector<const Expression*>& conditions) {
  return std::any_of(conditions.begin(), conditions.end(), [](const Expression* condition) {
    const std::vector<Reference> all = references(*condition);
    return std::any_of(all.begin(), all.end(), [](const Reference& each) {
      if (!refers_into(each, {"steps"}) && !refers_into(each, {"needs"})) return false;
      return each.path.size() < 3 || !each.path[2] || same_name(*each.path[2], "outputs");
    });
  });
}

bool keeps_own_words_out(const AgentLaunch& launch, const LaunchConditions& conditions,
                         const Scope& scope) {
  const std::vector<std::string> phrases = phrases_named(conditions.all());
  return std::any_of(phrases.begin(), phrases.end(), [&](const std::string& phrase) {
    if (!says(launch.job(), phrase)) return false;
    Scope with = scope;
    set_body(with, phrase + " The work is done.");
    Scope without = scope;
    set_body(without, "The work is done.");
    return conditions.runs(with) == Truth::no && conditions.runs(without) != Truth::no;
  });
}

bool keeps_own_branch_out(const AgentLaunch& launch, const LaunchConditions& conditions,
                          const Scope& scope) {
  const std::vector<std::string> names = branches_named(conditions.all());
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (!says(launch.job(), name)) return false;
    for (const char* rest : {"", "x"}) {
      Scope from_own = scope;
      set_head(from_own, name + rest);
      if (conditions.runs(from_own) == Truth::no) return true;
    }
    return false;
  });
}

bool says_own_words_only(const Step& step, const std::set<std::string_view>& agents) {
  if (!step.run) return says_input_only(step);
  const Variables variables(step, agents);
  // A command that stands in a text, which then says `$()`, comes before the one that has the text.
  std::string_view before;
  bool says = false;
  const std::vector<std::vector<std::string>> commands = shell_commands(step.run_text());
  for (const std::vector<std::string>& words : commands) {
    const std::vector<std::string> command = launched_command(words);
    auto comment = comment_of(command);
    if (!comment) comment = request_of(command);
    if (comment) {
      if (comment->empty() || !variables.is_own(*comment)) return false;
      const std::size_t inner = comment->find("$()");
      if (inner != std::string::npos && (!Variables::is_own_command(before) ||
                                         comment->find("$()", inner + 1) != std::string::npos))
        return false;
      says = true;
    }
    before = words.empty() ? std::string_view() : std::string_view(words[0]);
    if (words.size() == 1 && before == "cat") before = "cat <<";
  }
  return says;
}

}  // namespace refgate::lint
