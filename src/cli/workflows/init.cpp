// init: a gate for the agents that a repository has, shown as a diff and written on request; or a
// first gated workflow where there is none. With the hook and the linter's configuration.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <ostream>
#include <variant>

#include "call/commands.h"
#include "cli/workflows/disk_files.h"
#include "lint/adoption/adoption.h"
#include "lint/finding/fix.h"
#include "lint/rule/lint_config.h"
#include "runner/runner.h"

namespace refgate {
namespace {

namespace fs = std::filesystem;

struct Template {
  const char* path;
  std::string text;
};

const std::string version = "v" REFGATE_VERSION;

std::string first_workflow() {
  return R"(name: Agent

# A push to a branch and the pull request from it are one piece of work: the second of the two is
# told to skip, and by whom the work is done.
on:
  push:
    branches: ['**']
  pull_request:

permissions:
  contents: write   # the state lies in refs of this repository
  actions: read     # lets a gate see that the run which holds the work has ended

jobs:
  agent:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      # First, before anything that costs. Workflows that do the same work name the same share: (with: share: NAME)
      - id: gate
        uses: refgate/refgate@)" +
         version + R"(
        with:
          retry: manual   # a person's re-run may try again what failed
          pause: ask      # refgate pause stops it, from any machine

      - if: steps.gate.outputs.skip_execution == 'false'
        uses: actions/checkout@v4
        with:
          persist-credentials: false   # the agent's code must not find the token that may write

      - if: steps.gate.outputs.skip_execution == 'false'
        id: agent
        run: echo 'put the agent here'

      # Also after a failure or a cancellation; a job that was told to skip changes nothing by it.
      - if: always()
        uses: refgate/refgate@)" +
         version + R"(
        with:
          command: finish
          status: ${{ steps.agent.outcome }}
)";
}

const char* const configuration =
    R"(# What the linter should know of this repository; refgate lint --explain RULE tells each rule's options.
rules: {}
)";

std::string hook() {
  return R"(  - repo: https://github.com/refgate/refgate
    rev: )" +
         version + R"(
    hooks:
      - id: refgate
)";
}

/// Writes the commit of the tag, with the version beside it, where the tag stands; lines end as
/// they did.
std::string pin_command() {
  const std::string tag = "refs/tags/" + version;
  return "commit=$(git ls-remote https://github.com/refgate/refgate " + tag + " '" + tag +
         "^{}' | tail -n 1 | cut -f 1) && test -n \"$commit\" && sed -i \"s|refgate/refgate@" +
         version + "\\(\\r*\\)$|refgate/refgate@$commit # " + version +
         "\\1|\" .github/workflows/*.y*ml";
}

/// The folder that holds `.git`, from `start` upwards: GitHub reads workflows nowhere else.
fs::path root_above(const fs::path& start) {
  std::error_code error;
  fs::path folder = fs::canonical(start, error);
  if (error || !fs::is_directory(folder, error))
    throw UsageError(start.string() + " is no folder; nothing was written");
  while (!fs::exists(folder / ".git", error)) {
    if (folder == folder.parent_path())
      throw UsageError(start.string() +
                       " lies in no git repository, and workflows count only at the top of one; "
                       "nothing was written");
    folder = folder.parent_path();
  }
  return folder;
}

/// Below the root by its real path: a repository may hold links that lead elsewhere.
void refuse_links(const fs::path& root, const fs::path& path) {
  std::error_code error;
  for (fs::path part = path; part != root && part.has_parent_path(); part = part.parent_path())
    if (fs::is_symlink(part, error))
      throw UsageError(part.string() + " is a symbolic link; nothing was written through it");
}

class Init {
 public:
  Init(const Invocation& call, fs::path root)
      : call_(call), root_(std::move(root)), write_(call.flag("write") && !is_dry_run(call)) {}

  int run() {
    const auto found = lint::find_projects({root_.string()}, disk_files());
    bool has_agents = false;
    if (const auto* projects = std::get_if<std::vector<lint::ProjectPaths>>(&found)) {
      for (const lint::ProjectPaths& paths : *projects) {
        const lint::Project project = lint::read_project(paths, disk_files());
        for (const lint::Unreadable& file : project.unreadable())
          call_.out << "left out " << shown(file.file) << " (" << shown(file.problem.message)
                    << ")\n";
        const lint::LintConfig config = configured(paths);
        has_agents = has_agents || lint::launches_agents(project, config.facts);
        for (const lint::Adoption& adoption :
             lint::adopt(project, config, "refgate/refgate@" + version))
          tell(adoption);
      }
    }
    // A repository whose agents have gates needs no second launcher beside them.
    if (!has_agents) add({".github/workflows/agent.yml", first_workflow()}, true);
    add({".github/refgate.yml", configuration});
    add_hook();
    tell_next();
    return exit_done;
  }

 private:
  static std::string shown(const std::string& text) { return escape_for(Place::line, text); }

  void show_lines(std::string text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size() - 1);
      std::string line = text.substr(0, text[end] == '\n' ? end : end + 1);
      if (line.ends_with('\r')) line.pop_back();
      call_.out << shown(line) << "\n";
      text.erase(0, end + 1);
    }
  }

  /// What the linter is told of the repository; one that it cannot read is what lint complains of.
  lint::LintConfig configured(const lint::ProjectPaths& paths) {
    const std::string file = ".github/refgate.yml";
    std::error_code error;
    if (fs::symlink_status(paths.root + file, error).type() == fs::file_type::not_found) return {};
    if (disk_files().reach_of(paths.root, file) != lint::Files::Reach::outside)
      if (auto text = disk_files().read(paths.root + file)) {
        auto read = lint::read_lint_config(*std::move(text));
        if (auto* config = std::get_if<lint::LintConfig>(&read)) return std::move(*config);
      }
    call_.out << "left out " << file
              << " (refgate lint says why): agents named there are not known\n";
    return {};
  }

  void tell(const lint::Adoption& adoption) {
    const fs::path path = root_ / adoption.file;
    const std::string before = disk_files().read(path.string()).value_or("");
    if (adoption.after != before) {
      gated_ = changed_ = true;
      if (write_) {
        refuse_links(root_, path);
        if (!replace_workflow_file(path.string(), adoption.after))
          throw UsageError(path.string() + " could not be written (" + std::strerror(errno) + ")");
        std::string changes;
        for (const std::string& change : adoption.changes)
          changes += (changes.empty() ? "" : ", ") + change;
        call_.out << "changed  " << shown(adoption.file) << ": " << shown(changes) << "\n";
      } else {
        show_lines(lint::unified_diff(adoption.file, before, adoption.after));
      }
    }
    for (const lint::AdoptionNote& note : adoption.notes) {
      by_hand_ = true;
      call_.out << "look at  " << shown(adoption.file) << ": " << shown(note.text) << "\n";
      show_lines(note.snippet);
    }
  }

  void add(const Template& file, bool gated = false) {
    const fs::path path = root_ / file.path;
    std::error_code error;
    // A link that leads nowhere is something of the user's, too.
    if (fs::symlink_status(path, error).type() != fs::file_type::not_found) {
      call_.out << "kept     " << file.path << " (it is there already)\n";
      return;
    }
    changed_ = true;
    gated_ = gated_ || gated;
    if (!write_) {
      call_.out << "would write " << file.path << ":\n" << file.text << "\n";
      return;
    }
    refuse_links(root_, path);
    fs::create_directories(path.parent_path(), error);
    if (!write_text_file(path.string(), file.text))
      throw UsageError(path.string() + " could not be written (" + std::strerror(errno) + ")");
    call_.out << "written  " << file.path << "\n";
  }

  void add_hook() {
    const fs::path path = root_ / ".pre-commit-config.yaml";
    std::error_code error;
    if (fs::symlink_status(path, error).type() == fs::file_type::not_found) {
      add({".pre-commit-config.yaml", "repos:\n" + hook()});
      return;
    }
    const auto text = disk_files().read(path.string());
    call_.out << "kept     .pre-commit-config.yaml (it is there already)\n";
    if (!text || text->find("refgate/refgate") == std::string::npos)
      call_.out << "         the hook, to be pasted below its `repos:`\n" << hook();
  }

  void tell_next() {
    if (!changed_) {
      call_.out << "Nothing is left to write"
                << (by_hand_ ? "; what is to be done by hand stands above" : "")
                << ". Next: refgate lint, refgate doctor\n";
      return;
    }
    // The program lies in the commit that it would have to name, so that it knows its version only.
    if (gated_)
      call_.out << "A tag can be moved, a commit cannot. To pin what is written to its commit:\n  "
                << pin_command() << "\n";
    if (!write_)
      call_.out << "Nothing was written. To write it: refgate init --write\n";
    else if (by_hand_)
      call_.out << "Next: do what is to be looked at above, until refgate lint has nothing to say; "
                   "then commit and push, and refgate doctor\n";
    else
      call_.out << "Next: look at the change, commit and push it; the first run says `runs`, its "
                   "duplicate who does the work. Then: refgate lint, refgate doctor\n";
  }

  const Invocation& call_;
  fs::path root_;
  bool write_;
  bool changed_ = false;  ///< something is, or would be, written
  bool gated_ = false;    ///< there is a gate in it
  bool by_hand_ = false;
};

}  // namespace

int command_init(const Invocation& call) {
  if (call.flag("write") && call.flag("dry-run"))
    throw UsageError("--write and --dry-run contradict each other; nothing was written");
  const std::string& folder = call.arguments[0];
  return Init(call, root_above(folder.empty() ? "." : folder)).run();
}

}  // namespace refgate
