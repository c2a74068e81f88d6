#include "lint/gates/gate_costs.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "lint/expression/expression_value.h"
#include "lint/github/callee_memo.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

constexpr int deepest_action = 10;
/// There are fewer commands; what is more is none of them.
constexpr std::size_t most_commands = 50;

struct IsRefgate {
  bool yes = false;
};

struct RunsAgent {
  bool yes = false;
};

std::string_view last_part(std::string_view word) { return word.substr(word.rfind('/') + 1); }

struct PricedAction {
  std::string_view pattern;
  Cost cost;
};

// Actions whose cost is known by what they are for. The ones that only harden the runner or make a
// token have to come first, and are quick.
constexpr auto priced_actions = std::to_array<PricedAction>({
    {"step-security/harden-runner", Cost::cheap},
    {"actions/create-github-app-token", Cost::cheap},
    {"actions/checkout", Cost::checkout},
    {"actions/cache", Cost::set_up},
    {"actions/cache/restore", Cost::set_up},
    {"actions/download-artifact", Cost::set_up},
    {"astral-sh/setup-uv", Cost::set_up},
    {"ruby/setup-ruby", Cost::set_up},
    {"oven-sh/setup-bun", Cost::set_up},
    {"denoland/setup-deno", Cost::set_up},
    {"pnpm/action-setup", Cost::set_up},
    {"dtolnay/rust-toolchain", Cost::set_up},
    {"actions-rs/toolchain", Cost::set_up},
    {"actions-rust-lang/setup-rust-toolchain", Cost::set_up},
    {"actions-rs/cargo", Cost::work},
    {"Swatinem/rust-cache", Cost::set_up},
    {"taiki-e/install-action", Cost::set_up},
    {"gradle/actions/setup-gradle", Cost::set_up},
    {"gradle/gradle-build-action", Cost::work},
    {"graalvm/setup-graalvm", Cost::set_up},
    {"erlef/setup-beam", Cost::set_up},
    {"shivammathur/setup-php", Cost::set_up},
    {"subosito/flutter-action", Cost::set_up},
    {"hashicorp/setup-terraform", Cost::set_up},
    {"conda-incubator/setup-miniconda", Cost::set_up},
    {"mamba-org/setup-micromamba", Cost::set_up},
    {"cachix/install-nix-action", Cost::set_up},
    {"DeterminateSystems/nix-installer-action", Cost::set_up},
    {"docker/setup-buildx-action", Cost::set_up},
    {"docker/setup-qemu-action", Cost::set_up},
    {"docker/login-action", Cost::set_up},
    {"docker/build-push-action", Cost::work},
    {"docker/bake-action", Cost::work},
    {"aws-actions/configure-aws-credentials", Cost::set_up},
    {"azure/login", Cost::set_up},
    {"google-github-actions/auth", Cost::set_up},
    {"google-github-actions/setup-gcloud", Cost::set_up},
    {"golangci/golangci-lint-action", Cost::work},
    {"goreleaser/goreleaser-action", Cost::work},
    {"cypress-io/github-action", Cost::work},
    {"bazel-contrib/setup-bazel", Cost::set_up},
    {"github/codeql-action/init", Cost::set_up},
    {"github/codeql-action/analyze", Cost::work},
    {"pypa/cibuildwheel", Cost::work},
    {"pre-commit/action", Cost::work},
    {"helm/kind-action", Cost::set_up},
    {"jdx/mise-action", Cost::set_up},
    {"SonarSource/sonarqube-scan-action", Cost::work},
});

/// A command by its first words; `verbs`, separated by blanks, are those of its subcommands that
/// cost something (all when empty).
struct PricedCommand {
  std::string_view name;
  std::string_view verbs;
};

constexpr auto expensive_commands = std::to_array<PricedCommand>({
    {"npm", "ci install i run test exec publish"},
    {"yarn", ""},
    {"pnpm", ""},
    {"bun", "install run test build"},
    {"pip", "install download wheel"},
    {"pip3", "install download wheel"},
    {"pipenv", ""},
    {"poetry", "install build run update"},
    {"uv", "sync pip run build"},
    {"conda", ""},
    {"mamba", ""},
    {"tox", ""},
    {"nox", ""},
    {"pytest", ""},
    {"apt-get", "install update upgrade dist-upgrade"},
    {"apt", "install update upgrade"},
    {"dnf", ""},
    {"yum", ""},
    {"apk", "add"},
    {"brew", "install update upgrade bundle"},
    {"choco", "install"},
    {"cargo", "build test check clippy install run bench nextest doc publish"},
    {"rustup", ""},
    {"make", ""},
    {"gmake", ""},
    {"cmake", "--build -B -S"},
    {"ninja", ""},
    {"meson", ""},
    {"bazel", ""},
    {"bazelisk", ""},
    {"go", "build test install vet run generate mod"},
    {"mvn", ""},
    {"mvnw", ""},
    {"gradle", ""},
    {"gradlew", ""},
    {"dotnet", "build test restore publish pack run"},
    {"msbuild", ""},
    {"bundle", "install"},
    {"rake", ""},
    {"gem", "install"},
    {"composer", "install update"},
    {"mix", "deps.get compile test"},
    {"swift", "build test"},
    {"xcodebuild", ""},
    {"docker", "build buildx run pull push compose"},
    {"docker-compose", ""},
    {"podman", "build run pull"},
    {"terraform", "init plan apply destroy"},
    {"kubectl", "apply"},
    {"helm", "install upgrade"},
    {"nix", "build develop flake"},
    {"nix-build", ""},
    {"ctest", ""},
    {"twine", "upload"},
    {"playwright", "install test"},
    {"jest", ""},
    {"vitest", ""},
    {"turbo", ""},
    {"nx", ""},
    {"cabal", ""},
    {"stack", "build test install setup"},
    {"sbt", ""},
    {"vcpkg", "install"},
    {"conan", "install build create"},
    {"kind", "create"},
});

/// Those of them that bring the tools and packages that what follows needs.
constexpr auto installing_commands = std::to_array<PricedCommand>({
    {"npm", "ci install i"},
    {"yarn", "install"},
    {"pnpm", "install i fetch"},
    {"bun", "install"},
    {"pip", "install download"},
    {"pip3", "install download"},
    {"pipenv", "install sync"},
    {"poetry", "install"},
    {"uv", "sync pip venv"},
    {"conda", "install create env update"},
    {"mamba", "install create env update"},
    {"apt-get", "install update"},
    {"apt", "install update"},
    {"dnf", "install"},
    {"yum", "install"},
    {"apk", "add"},
    {"brew", "install update bundle"},
    {"choco", "install"},
    {"rustup", ""},
    {"cargo", "install fetch"},
    {"go", "install mod"},
    {"dotnet", "restore"},
    {"bundle", "install"},
    {"gem", "install"},
    {"composer", "install"},
    {"playwright", "install"},
    {"corepack", "enable prepare"},
});

/// Commands that only say, read or decide something.
constexpr auto cheap_commands = std::to_array<std::string_view>(
    {"echo", "printf", "cat",   "true",   "false", ":",          "test",        "[",    "[[",
     "]]",   "exit",   "date",  "pwd",    "env",   "set",        "fi",          "done", "}",
     "esac", "jq",     "grep",  "sed",    "tr",    "cut",        "head",        "tail", "tee",
     "sort", "wc",     "local", "export", "shopt", "Write-Host", "Write-Output"});

bool is_one_of(std::string_view list, std::string_view word) {
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(' ', at), list.size());
    if (list.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

template <std::size_t Size>
bool is_listed(const std::array<PricedCommand, Size>& list, const std::vector<std::string>& words) {
  const std::string_view name = last_part(words[0]);
  return std::any_of(list.begin(), list.end(), [&](const PricedCommand& command) {
    if (command.name != name) return false;
    if (command.verbs.empty())
      return words.size() < 2 ||
             (words[1] != "--version" && words[1] != "-v" && words[1] != "version");
    return std::any_of(words.begin() + 1, words.end(),
                       [&](const std::string& word) { return is_one_of(command.verbs, word); });
  });
}

bool is_expensive_command(const std::vector<std::string>& words) {
  return is_listed(expensive_commands, words);
}

/// `yarn` alone installs.
bool is_installing_command(const std::vector<std::string>& words) {
  return is_listed(installing_commands, words) ||
         (words.size() == 1 && last_part(words[0]) == "yarn");
}

bool is_clone(const std::vector<std::string>& words) {
  return last_part(words[0]) == "git" && words.size() > 1 &&
         (words[1] == "clone" || words[1] == "submodule");
}

bool is_cheap_command(const std::vector<std::string>& words) {
  return std::find(cheap_commands.begin(), cheap_commands.end(), words[0]) != cheap_commands.end();
}

Cost cost_of_script(std::string_view script) {
  bool all_cheap = true;
  Cost dearest = Cost::cheap;
  for (std::vector<std::string>& words : shell_commands(script)) {
    const std::vector<std::string> command = launched_command(std::move(words));
    if (command.empty()) continue;
    if (is_expensive_command(command)) return Cost::work;
    if (is_clone(command)) dearest = Cost::checkout;
    all_cheap = all_cheap && is_cheap_command(command);
  }
  if (dearest != Cost::cheap) return dearest;
  return all_cheap ? Cost::cheap : Cost::unknown;
}

/// `setup-x` of anybody is what its name says.
bool is_set_up(std::string_view uses) {
  const std::string_view name = last_part(uses.substr(0, uses.find('@')));
  return name.starts_with("setup-") || name.ends_with("-setup");
}

Cost cost_of(const Step& step, const Project& project, const Facts& facts, int depth) {
  if (launches_agent(step, facts)) return Cost::work;
  const std::string_view uses = step.uses_text();
  if (uses.empty()) return cost_of_script(step.run_text());
  if (const Action* action = project.local_action(uses);
      action != nullptr && depth < deepest_action) {
    return *of_callee<Cost>(facts, action, depth, [&] {
      Cost dearest = action->steps.empty() ? Cost::unknown : Cost::cheap;
      for (const Step& inner : action->steps)
        dearest = std::max(dearest, cost_of(inner, project, facts, depth + 1));
      return dearest;
    });
  }
  for (const PricedAction& action : priced_actions) {
    if (matches_action(uses, action.pattern)) return action.cost;
  }
  return is_set_up(uses) ? Cost::set_up : Cost::unknown;
}

bool runs_agent(const Step& step, const Project& project, const Facts& facts, int depth) {
  if (launches_agent(step, facts)) return true;
  const Action* action = project.local_action(step.uses_text());
  if (action == nullptr || depth >= deepest_action) return false;
  return of_callee<RunsAgent>(
             facts, action, depth,
             [&] {
               return RunsAgent{
                   std::any_of(action->steps.begin(), action->steps.end(), [&](const Step& inner) {
                     return runs_agent(inner, project, facts, depth + 1);
                   })};
             })
      ->yes;
}

using Words = std::vector<std::string>;

void add(std::string_view word, Words& found) {
  if (found.size() < most_commands && std::find(found.begin(), found.end(), word) == found.end())
    found.emplace_back(word);
}

void add_session_commands(const Step& step, const Project& project, const Facts& facts, int depth,
                          Words& found) {
  const std::string_view uses = step.uses_text();
  const Action* local = project.local_action(uses);
  if (matches_action(uses, "*/refgate") || (local != nullptr && is_refgate_action(*local, facts))) {
    const Entry command = step.input("command");
    add(command ? command.value.text() : "gate", found);
  } else if (local != nullptr && depth < deepest_action) {
    const auto inside = of_callee<Words>(facts, local, depth, [&] {
      Words words;
      for (const Step& inner : local->steps)
        add_session_commands(inner, project, facts, depth + 1, words);
      return words;
    });
    for (const std::string& word : *inside)
      add(word, found);
  }
  if (step.run_text().find("refgate") == std::string_view::npos &&
      step.run_text().find("session_deduplicator") == std::string_view::npos)
    return;
  for (std::vector<std::string>& words : shell_commands(step.run_text())) {
    const std::vector<std::string> command = launched_command(std::move(words));
    if (command.empty()) continue;
    const std::string_view name = last_part(command[0]);
    if (name != "refgate" && !name.starts_with("refgate-linux-") &&
        name != "session_deduplicator.py")
      continue;
    const auto verb = std::find_if(command.begin() + 1, command.end(),
                                   [](const std::string& word) { return !word.starts_with('-'); });
    if (verb != command.end()) add(*verb, found);
  }
}

}  // namespace

Cost cost_of(const Step& step, const Project& project, const Facts& facts) {
  return cost_of(step, project, facts, 0);
}

bool only_installs(const Step& step) {
  if (step.run_text().empty()) return false;
  for (std::vector<std::string>& words : shell_commands(step.run_text())) {
    const std::vector<std::string> command = launched_command(std::move(words));
    if (!command.empty() && !is_installing_command(command) && !is_cheap_command(command) &&
        command[0] != "cd")
      return false;
  }
  return true;
}

bool runs_agent(const Step& step, const Project& project, const Facts& facts) {
  return runs_agent(step, project, facts, 0);
}

bool stops_the_job(const Step& step) {
  const std::string_view uses = step.uses_text();
  for (const std::string_view pattern : {"andymckay/cancel-action", "styfle/cancel-workflow-action",
                                         "potiuk/cancel-workflow-runs"}) {
    if (matches_action(uses, pattern)) return true;
  }
  if (matches_action(uses, "actions/github-script")) {
    const std::string_view script = step.input("script").value.text();
    return script.find("core.setFailed") != std::string_view::npos ||
           script.find("cancelWorkflowRun") != std::string_view::npos;
  }
  for (std::vector<std::string>& words : shell_commands(step.run_text())) {
    const std::vector<std::string> command = launched_command(std::move(words));
    if (command.empty()) continue;
    if (command[0] == "exit" && command.size() > 1 && command[1] != "0") return true;
    if (command[0] == "false") return true;
    if (command[0] == "gh" && command.size() > 2 && command[1] == "run" && command[2] == "cancel")
      return true;
  }
  return step.run_text().find("/cancel") != std::string_view::npos;
}

std::vector<std::string> session_commands(const Step& step, const Project& project,
                                          const Facts& facts) {
  std::vector<std::string> found;
  add_session_commands(step, project, facts, 0, found);
  return found;
}

std::vector<std::string> session_commands(const Workflow& called, const Project& project,
                                          const Facts& facts) {
  return *of_callee<Words>(facts, &called, 0, [&] {
    Words words;
    for (const Job& job : called.jobs) {
      for (const Step& step : job.steps)
        add_session_commands(step, project, facts, 0, words);
    }
    return words;
  });
}

bool has_session_command(const Step& step, const Project& project, const Facts& facts,
                         std::string_view command) {
  const std::vector<std::string> found = session_commands(step, project, facts);
  return std::find(found.begin(), found.end(), command) != found.end();
}

bool is_refgate_action(const Action& action, const Facts& facts) {
  return of_callee<IsRefgate>(facts, &action, 0,
                              [&] {
                                const Entry command = action.inputs.value.entry("command");
                                return IsRefgate{command &&
                                                 action.outputs.value.entry("skip_execution") &&
                                                 action.outputs.value.entry("claim_id") &&
                                                 command.value["default"].text() == "gate"};
                              })
      ->yes;
}

bool is_for_duplicates(YamlNode node, std::string_view id) {
  const auto tells = [](std::string_view name) {
    const std::string text = to_lower(name);
    for (const char* word :
         {"skip", "duplicate", "already", "prevent", "cancel", "notice", "redundant"}) {
      if (text.find(word) != std::string::npos) return true;
    }
    return false;
  };
  if (tells(id) || tells(node["name"].text()) || tells(node["id"].text()) ||
      tells(node["uses"].text()))
    return true;
  for (const YamlNode step : node["steps"].items()) {
    if (is_for_duplicates(step, {})) return true;
  }
  return false;
}

}  // namespace refgate::lint
