#include "lint/workflow/project.h"

#include "catch.h"
#include "memory_files.h"

namespace refgate::lint {
namespace {

const std::string workflow_text = "on: push\njobs: {a: {steps: [{uses: ./tool}]}}\n";

MemoryFiles repository(const std::string& root = "") {
  return {{{root + ".github/workflows/a.yml", "name: A\n" + workflow_text},
           {root + ".github/workflows/b.yaml", workflow_text},
           {root + ".github/workflows/notes.md", "no workflow"},
           {root + "tool/action.yml",
            "runs: {using: composite, steps: [{uses: ./inner/}, {uses: ./tool}]}\n"},
           {root + "inner/action.yaml", "runs: {using: node24, main: x.js}\n"},
           {root + "chart.yaml", "{{ broken"},
           {root + "README.md", ""}}};
}

std::string shown(const std::vector<std::string>& paths, const MemoryFiles& files) {
  const auto found = find_projects(paths, files.seam());
  if (const auto* message = std::get_if<std::string>(&found)) return *message;
  std::string text;
  for (const ProjectPaths& project : std::get<std::vector<ProjectPaths>>(found)) {
    text += "[" + project.root + "]";
    for (const std::string& file : project.selected)
      text += " " + file;
    text +=
        " of " +
        std::to_string(project.workflows.size() + project.actions.size() + project.loose.size()) +
        ";";
  }
  return text;
}

}  // namespace

TEST_CASE(
    "a folder stands for its workflows, and a file of them brings its siblings in for look-ups") {
  const MemoryFiles files = repository();
  const std::string all = "[] .github/workflows/a.yml .github/workflows/b.yaml of 2;";
  CHECK(shown({"."}, files) == all);
  CHECK(shown({".github"}, files) == all);
  CHECK(shown({"./.github/workflows/"}, files) == all);
  CHECK(shown({".github//workflows"}, files) == all);
  CHECK(shown({".github/workflows/a.yml"}, files) == "[] .github/workflows/a.yml of 2;");
  CHECK(shown({"./.github/workflows/a.yml", "."}, files) == all);
  CHECK(shown({"tool"}, files) == "[tool/] action.yml of 1;");
}

TEST_CASE("repositories are told apart by their roots") {
  MemoryFiles files = repository("x/");
  const MemoryFiles other = repository("/y/z/");
  files.texts.insert(other.texts.begin(), other.texts.end());
  CHECK(shown({"x", "/y/z/.github/workflows/a.yml"}, files) ==
        "[/y/z/] .github/workflows/a.yml of 2;[x/] .github/workflows/a.yml "
        ".github/workflows/b.yaml of 2;");
}

TEST_CASE("hooks may name anything: what is no workflow is passed over") {
  const MemoryFiles files = repository();
  CHECK(shown({"README.md", ".github/workflows/notes.md"}, files) == "");
  const Project project = files.project({"README.md", "chart.yaml", "tool/action.yml"});
  CHECK(project.workflows().empty());
  CHECK(project.actions().size() == 2);
  CHECK(project.unreadable().empty());
  CHECK_FALSE(project.complete());
}

TEST_CASE("a path that does not exist is an error that names it") {
  CHECK(shown({"README.md", "missing.yml"}, repository()) ==
        "no file or folder is named missing.yml");
}

TEST_CASE("a loose file is linted when it is a workflow") {
  MemoryFiles files;
  files.texts["ci/build.yml"] = workflow_text;
  files.texts["ci/values.yml"] = "a: 1\n";
  CHECK(files.project({"ci/build.yml", "ci/values.yml"}).workflows().size() == 1);
  CHECK(files.project({"ci"}).workflows().size() == 1);
}

TEST_CASE("rules look up workflows by path and name, and actions by path") {
  const MemoryFiles files = repository();
  const Project project = files.project({".github/workflows/b.yaml"});
  REQUIRE(project.workflows().size() == 2);
  CHECK_FALSE(project.workflows()[0].selected);
  CHECK(project.workflows()[1].selected);
  CHECK(project.complete());
  CHECK(project.workflows_named("A").size() == 1);
  CHECK(project.workflows_named(".github/workflows/b.yaml").size() == 1);
  CHECK(project.workflows_named("a").empty());
  CHECK(project.called_workflow("./.github/workflows/a.yml") == &project.workflows()[0]);
  CHECK(project.called_workflow("owner/name/.github/workflows/a.yml@v1") == nullptr);
  REQUIRE(project.local_action("./tool") != nullptr);
  CHECK(project.local_action("./tool")->composite());
  REQUIRE(project.local_action("./inner/") != nullptr);
  CHECK_FALSE(project.local_action("./inner/")->selected);
  CHECK(project.local_action("./nothing") == nullptr);
}

TEST_CASE("a workflow that is no YAML is reported and makes the project incomplete") {
  MemoryFiles files = repository();
  files.texts[".github/workflows/c.yml"] = "on: push\njobs: a: b\n";
  const Project project = files.project();
  REQUIRE(project.unreadable().size() == 1);
  CHECK(project.unreadable()[0].file == ".github/workflows/c.yml");
  CHECK(project.unreadable()[0].line == "jobs: a: b");
  CHECK(project.workflows().size() == 2);
  CHECK_FALSE(project.complete());
}

TEST_CASE("a project with another text for a file keeps all else") {
  const Project project = repository().project();
  const Project changed = project.with(".github/workflows/a.yml", "name: B\non: push\njobs: {}\n");
  CHECK(changed.workflows_named("B").size() == 1);
  CHECK(project.workflows_named("A").size() == 1);
  CHECK(changed.workflows().size() == 2);
  CHECK(project.with(".github/workflows/a.yml", "a: b: c").workflows().size() == 1);
}

TEST_CASE("many threads read what one reads") {
  MemoryFiles files;
  for (int index = 0; index < 50; ++index)
    files.texts[".github/workflows/w" + std::to_string(index) + ".yml"] = workflow_text;
  const auto found = find_projects({"."}, files.seam());
  const ProjectPaths& paths = std::get<std::vector<ProjectPaths>>(found).at(0);
  const Project one = read_project(paths, files.seam(), 1);
  const Project many = read_project(paths, files.seam(), 8);
  REQUIRE(many.workflows().size() == 50);
  for (std::size_t index = 0; index < 50; ++index)
    CHECK(one.workflows()[index].file == many.workflows()[index].file);
}

}  // namespace refgate::lint
