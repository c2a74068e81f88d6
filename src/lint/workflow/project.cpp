#include "lint/workflow/project.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lint/workflow/parallel.h"

namespace refgate::lint {
namespace {

/// `path` without `./` at its start and without a trailing slash on `uses`; nullopt when it is no
/// local path.
std::optional<std::string> local_path(std::string_view uses) {
  if (!uses.starts_with("./")) return std::nullopt;
  uses.remove_prefix(2);
  while (uses.ends_with('/'))
    uses.remove_suffix(1);
  return std::string(uses);
}

std::string action_path(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

template <class Item>
const Item* find_file(const std::vector<Item>& sorted, std::string_view file) {
  const auto found = std::lower_bound(
      sorted.begin(), sorted.end(), file,
      [](const Item& item, std::string_view wanted) { return item.file < wanted; });
  return found != sorted.end() && found->file == file ? &*found : nullptr;
}

/// The line of a text that was not read as YAML.
std::string line_of(std::string_view text, const Place& place) {
  const std::size_t at = std::min<std::size_t>(place.begin, text.size());
  const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  const std::string_view line =
      text.substr(begin, std::min(text.find('\n', at), text.size()) - begin);
  return std::string(line.substr(0, 400));
}

struct Loaded {
  std::shared_ptr<const Document> document;
  std::optional<Unreadable> unreadable;
};

Loaded load(const std::string& root, const std::string& file, const Files& files) {
  if (files.reach_of(root, file) == Files::Reach::outside)
    return {nullptr, Unreadable{file, {"the file lies outside of the project", Place()}, "", true}};
  std::optional<std::string> text = files.read(root + file);
  if (!text) return {nullptr, Unreadable{file, {"the file cannot be read", Place()}, "", true}};
  const std::string start = text->substr(0, max_document_bytes + 1);
  auto read = read_document(*std::move(text));
  if (auto* problem = std::get_if<SyntaxProblem>(&read))
    return {nullptr, Unreadable{file, *problem, line_of(start, problem->place)}};
  return {std::make_shared<const Document>(std::get<Document>(std::move(read))), std::nullopt};
}

/// Reads the actions that steps use by a local path, and those that these use.
void read_local_actions(const std::string& root, const Files& files,
                        std::vector<const std::vector<Step>*> pending,
                        std::vector<Action>& actions) {
  std::set<std::string> known;
  for (const Action& action : actions)
    known.insert(action.file);
  while (!pending.empty()) {
    std::vector<Action> found;
    for (const std::vector<Step>* steps : pending) {
      for (const Step& step : *steps) {
        const auto folder = local_path(step.uses_text());
        if (!folder) continue;
        for (const std::string_view name : {"action.yml", "action.yaml"}) {
          const std::string file = action_path(*folder, name);
          if (!known.insert(file).second || files.kind(root + file) != Files::Kind::file ||
              files.reach_of(root, file) == Files::Reach::outside)
            continue;
          Loaded loaded = load(root, file, files);
          if (loaded.document) {
            found.push_back(read_action(file, loaded.document));
            found.back().selected = false;
          }
        }
      }
    }
    pending.clear();
    const std::size_t before = actions.size();
    std::move(found.begin(), found.end(), std::back_inserter(actions));
    for (std::size_t index = before; index < actions.size(); ++index)
      pending.push_back(&actions[index].steps);
    if (before == actions.size()) break;
  }
}

/// Of the files beside the workflows so many, and of each so much, are read.
constexpr std::size_t most_beside = 50;
constexpr std::size_t most_bytes_beside = 100'000;

std::map<std::string, std::string, std::less<>> read_beside(const std::string& root,
                                                            const Files& files) {
  std::map<std::string, std::string, std::less<>> found;
  const auto add = [&](const std::string& file) {
    if (found.size() == most_beside || files.kind(root + file) != Files::Kind::file ||
        files.reach_of(root, file) == Files::Reach::outside)
      return;
    if (auto text = files.read(root + file))
      found.emplace(file, text->substr(0, most_bytes_beside));
  };
  const std::string templates = ".github/ISSUE_TEMPLATE";
  for (const std::string& name : files.list(root + templates))
    add(templates + "/" + name);
  for (const char* file :
       {".gemini/settings.json", ".qwen/settings.json", "opencode.json", "opencode.jsonc"})
    add(file);
  return found;
}

}  // namespace

Project::Project(std::vector<Workflow> workflows, std::vector<Action> actions,
                 std::vector<Unreadable> unreadable)
    : workflows_(std::move(workflows)),
      actions_(std::move(actions)),
      unreadable_(std::move(unreadable)) {
  const auto by_file = [](const auto& left, const auto& right) { return left.file < right.file; };
  std::sort(workflows_.begin(), workflows_.end(), by_file);
  std::sort(actions_.begin(), actions_.end(), by_file);
  std::sort(unreadable_.begin(), unreadable_.end(), by_file);
  index_names();
}

Project::Project(const Project& other)
    : workflows_(other.workflows_),
      actions_(other.actions_),
      unreadable_(other.unreadable_),
      complete_(other.complete_),
      beside_(other.beside_) {
  index_names();
}

/// The names point into the list, which a move takes along and a copy does not.
void Project::index_names() {
  by_name_.clear();
  for (const Workflow& workflow : workflows_)
    by_name_[std::string(workflow.display_name())].push_back(&workflow);
}

const Workflow* Project::workflow_at(std::string_view file) const {
  return find_file(workflows_, file);
}

const std::vector<const Workflow*>& Project::workflows_named(std::string_view name) const {
  static const std::vector<const Workflow*> none;
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? none : found->second;
}

const Workflow* Project::called_workflow(std::string_view uses) const {
  const auto path = local_path(uses);
  return path ? workflow_at(*path) : nullptr;
}

const Action* Project::local_action(std::string_view uses) const {
  const auto folder = local_path(uses);
  if (!folder) return nullptr;
  const Action* action = find_file(actions_, action_path(*folder, "action.yml"));
  return action != nullptr ? action : find_file(actions_, action_path(*folder, "action.yaml"));
}

const Document* Project::document_of(std::string_view file) const {
  if (const Workflow* workflow = workflow_at(file)) return workflow->document.get();
  const Action* action = find_file(actions_, file);
  return action == nullptr ? nullptr : action->document.get();
}

Project Project::with(const std::string& file, const std::string& text) const {
  Project changed = *this;
  auto read = read_document(text);
  auto* document = std::get_if<Document>(&read);
  const auto shared =
      document == nullptr ? nullptr : std::make_shared<const Document>(std::move(*document));
  const auto replace = [&](auto& list, auto read_as) {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const auto& item) { return item.file == file; });
    if (found == list.end()) return;
    if (shared) {
      const bool selected = found->selected;
      *found = read_as(file, shared);
      found->selected = selected;
    } else {
      list.erase(found);
    }
  };
  replace(changed.workflows_, read_workflow);
  replace(changed.actions_, read_action);
  changed.index_names();
  return changed;
}

Project read_project(const ProjectPaths& paths, const Files& files, unsigned threads) {
  enum class Role { workflow, action, loose };
  std::vector<std::pair<Role, std::string>> todo;
  for (const std::string& file : paths.workflows)
    todo.emplace_back(Role::workflow, file);
  for (const std::string& file : paths.actions)
    todo.emplace_back(Role::action, file);
  for (const std::string& file : paths.loose)
    todo.emplace_back(Role::loose, file);

  std::vector<Loaded> loaded(todo.size());
  for_each_index(todo.size(), threads, [&](std::size_t index) {
    loaded[index] = load(paths.root, todo[index].second, files);
  });

  const auto selected = [&](const std::string& file) {
    return std::binary_search(paths.selected.begin(), paths.selected.end(), file);
  };
  std::vector<Workflow> workflows;
  std::vector<Action> actions;
  std::vector<Unreadable> unreadable;
  const bool on_stdin = std::find(paths.workflows.begin(), paths.workflows.end(), stdin_name) !=
                        paths.workflows.end();
  bool complete = !paths.workflows.empty() && !on_stdin;
  for (std::size_t index = 0; index < todo.size(); ++index) {
    const auto& [role, file] = todo[index];
    if (loaded[index].unreadable) {
      if (role == Role::workflow) complete = false;
      if (role != Role::loose && selected(file))
        unreadable.push_back(*std::move(loaded[index].unreadable));
    } else if (file == stdin_name && looks_like_action(*loaded[index].document)) {
      actions.push_back(read_action(file, std::move(loaded[index].document)));
    } else if (role == Role::workflow ||
               (role == Role::loose && looks_like_workflow(*loaded[index].document))) {
      workflows.push_back(read_workflow(file, std::move(loaded[index].document)));
      workflows.back().selected = selected(file);
    } else if (role == Role::action && looks_like_action(*loaded[index].document)) {
      actions.push_back(read_action(file, std::move(loaded[index].document)));
      actions.back().selected = selected(file);
    }
  }
  std::vector<const std::vector<Step>*> steps;
  for (const Workflow& workflow : workflows) {
    for (const Job& job : workflow.jobs)
      steps.push_back(&job.steps);
  }
  // The steps of actions are looked at by copy, since the list grows while they are read.
  const std::vector<Action> given = actions;
  for (const Action& action : given)
    steps.push_back(&action.steps);
  read_local_actions(paths.root, files, std::move(steps), actions);

  Project project(std::move(workflows), std::move(actions), std::move(unreadable));
  project.set_complete(complete);
  if (!on_stdin) project.set_beside(read_beside(paths.root, files));
  return project;
}

}  // namespace refgate::lint
