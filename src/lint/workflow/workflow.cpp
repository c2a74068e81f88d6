#include "lint/workflow/workflow.h"

#include <algorithm>
#include <utility>

#include "lint/expression/expression_value.h"

namespace refgate::lint {
namespace {

/// Generators that say so do it in the first lines of what they write.
constexpr std::uint32_t generated_marks_end = 15;

/// The scalars of a list, or a single scalar as a list of one. Anything else in it is not a value
/// and is left out.
std::vector<YamlNode> scalars(YamlNode node) {
  std::vector<YamlNode> values;
  if (node.is_scalar()) values.push_back(node);
  for (const YamlNode item : node.items()) {
    if (item.is_scalar()) values.push_back(item);
  }
  return values;
}

Filter filter(YamlNode config, std::string_view key) {
  const Entry entry = config.entry(key);
  return {entry, scalars(entry.value)};
}

Trigger read_trigger(YamlNode key, YamlNode config) {
  Trigger trigger;
  trigger.event = key.text();
  trigger.key = key;
  trigger.config = config;
  trigger.types = filter(config, "types");
  trigger.branches = filter(config, "branches");
  trigger.branches_ignore = filter(config, "branches-ignore");
  trigger.tags = filter(config, "tags");
  trigger.tags_ignore = filter(config, "tags-ignore");
  trigger.paths = filter(config, "paths");
  trigger.paths_ignore = filter(config, "paths-ignore");
  trigger.workflows = filter(config, "workflows");
  trigger.inputs = config.entry("inputs");
  trigger.outputs = config.entry("outputs");
  trigger.secrets = config.entry("secrets");
  for (const YamlNode item : config.items()) {
    if (const YamlNode cron = item["cron"]) trigger.crons.push_back(cron);
  }
  return trigger;
}

std::vector<Trigger> read_triggers(YamlNode on) {
  std::vector<Trigger> triggers;
  for (const YamlNode event : scalars(on))
    triggers.push_back(read_trigger(event, {}));
  for (const Entry& entry : on.entries()) {
    if (entry.key.is_scalar()) triggers.push_back(read_trigger(entry.key, entry.value));
  }
  return triggers;
}

Concurrency read_concurrency(const Entry& entry) {
  Concurrency concurrency;
  concurrency.entry = entry;
  concurrency.group = entry.value.is_scalar() ? entry.value : entry.value["group"];
  concurrency.cancel_in_progress = entry.value.entry("cancel-in-progress");
  concurrency.queue = entry.value.entry("queue");
  return concurrency;
}

Matrix read_matrix(const Entry& entry) {
  Matrix matrix;
  matrix.entry = entry;
  matrix.known = !entry || entry.value.is_mapping();
  for (const Entry& axis : entry.value.entries()) {
    const bool list = axis.value.is_sequence();
    matrix.known = matrix.known && list && axis.key.is_scalar();
    if (axis.key.text() == "include") {
      matrix.include = axis;
    } else if (axis.key.text() == "exclude") {
      matrix.exclude = axis;
    } else {
      matrix.axes.push_back({axis.key.text(), axis});
    }
  }
  return matrix;
}

Step read_step(YamlNode node) {
  Step step;
  step.node = node;
  step.id_entry = node.entry("id");
  step.id = step.id_entry.value.text();
  step.name = node.entry("name");
  step.condition = node.entry("if");
  step.uses = node.entry("uses");
  step.with = node.entry("with");
  step.run = node.entry("run");
  step.shell = node.entry("shell");
  step.env = node.entry("env");
  step.working_directory = node.entry("working-directory");
  step.continue_on_error = node.entry("continue-on-error");
  step.timeout_minutes = node.entry("timeout-minutes");
  return step;
}

void read_steps(YamlNode list, bool parallel, std::vector<Step>& steps) {
  for (const YamlNode item : list.items()) {
    const Entry group = item.entry("parallel");
    if (!parallel && group && group.value.is_sequence()) {
      read_steps(group.value, true, steps);
      continue;
    }
    Step step = read_step(item);
    step.index = steps.size();
    step.parallel = parallel;
    steps.push_back(step);
  }
}

Job read_job(const Entry& entry) {
  const YamlNode node = entry.value;
  Job job;
  job.id = entry.key.text();
  job.key = entry.key;
  job.node = node;
  job.name = node.entry("name");
  job.needs = node.entry("needs");
  job.needed = scalars(job.needs.value);
  job.condition = node.entry("if");
  job.uses = node.entry("uses");
  job.with = node.entry("with");
  job.secrets = node.entry("secrets");
  job.runs_on = node.entry("runs-on");
  job.timeout_minutes = node.entry("timeout-minutes");
  job.environment = node.entry("environment");
  job.permissions = node.entry("permissions");
  job.env = node.entry("env");
  job.defaults = node.entry("defaults");
  job.outputs = node.entry("outputs");
  job.container = node.entry("container");
  job.services = node.entry("services");
  job.continue_on_error = node.entry("continue-on-error");
  job.strategy = node.entry("strategy");
  job.fail_fast = job.strategy.value.entry("fail-fast");
  job.max_parallel = job.strategy.value.entry("max-parallel");
  job.matrix = read_matrix(job.strategy.value.entry("matrix"));
  job.concurrency = read_concurrency(node.entry("concurrency"));
  job.steps_entry = node.entry("steps");
  read_steps(job.steps_entry.value, false, job.steps);
  job.call.node = node;
  job.call.uses = job.uses;
  job.call.with = job.with;
  return job;
}

}  // namespace

Entry Step::input(std::string_view input_name) const {
  for (const Entry& entry : with.value.entries()) {
    if (entry.key.is_scalar() && same_name(entry.key.text(), input_name)) return entry;
  }
  return {};
}

const Step* Job::step(std::string_view step_id) const {
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const Step& step) {
    return !step.id.empty() && same_name(step.id, step_id);
  });
  return found == steps.end() ? nullptr : &*found;
}

bool Job::has_several_legs() const {
  if (!matrix) return false;
  if (!matrix.known) return true;
  std::size_t rows = matrix.axes.empty() ? matrix.include.value.size() : 1;
  for (const MatrixAxis& axis : matrix.axes)
    rows *= axis.entry.value.size();
  return rows > 1;
}

std::string_view Workflow::shell_of(const Job& job, const Step& step) const {
  for (const YamlNode shell :
       {step.shell.value, job.defaults.value["run"]["shell"], defaults.value["run"]["shell"]}) {
    if (!shell.text().empty()) return shell.text();
  }
  return {};
}

std::string_view Workflow::display_name() const {
  const std::string_view given = name.value.text();
  return given.empty() ? std::string_view(file) : given;
}

const Trigger* Workflow::trigger(std::string_view event) const {
  const auto found = std::find_if(triggers.begin(), triggers.end(),
                                  [&](const Trigger& trigger) { return trigger.event == event; });
  return found == triggers.end() ? nullptr : &*found;
}

const Job* Workflow::job(std::string_view job_id) const {
  const auto found = std::find_if(jobs.begin(), jobs.end(),
                                  [&](const Job& job) { return same_name(job.id, job_id); });
  return found == jobs.end() ? nullptr : &*found;
}

bool Workflow::only_called() const {
  return !triggers.empty() &&
         std::all_of(triggers.begin(), triggers.end(),
                     [](const Trigger& trigger) { return trigger.event == "workflow_call"; });
}

bool Action::composite() const { return using_text == "composite"; }

Workflow read_workflow(std::string file, std::shared_ptr<const Document> document) {
  Workflow workflow;
  const YamlNode root = document->root();
  workflow.generated = is_generated(file, *document);
  workflow.file = std::move(file);
  workflow.document = std::move(document);
  workflow.name = root.entry("name");
  workflow.run_name = root.entry("run-name");
  workflow.on = root.entry("on");
  workflow.permissions = root.entry("permissions");
  workflow.env = root.entry("env");
  workflow.defaults = root.entry("defaults");
  workflow.jobs_entry = root.entry("jobs");
  workflow.triggers = read_triggers(workflow.on.value);
  workflow.concurrency = read_concurrency(root.entry("concurrency"));
  for (const Entry& entry : workflow.jobs_entry.value.entries()) {
    if (entry.key.is_scalar()) workflow.jobs.push_back(read_job(entry));
  }
  return workflow;
}

Action read_action(std::string file, std::shared_ptr<const Document> document) {
  Action action;
  const YamlNode root = document->root();
  action.file = std::move(file);
  action.document = std::move(document);
  action.name = root.entry("name");
  action.inputs = root.entry("inputs");
  action.outputs = root.entry("outputs");
  action.runs = root.entry("runs");
  action.using_text = action.runs.value["using"].text();
  read_steps(action.runs.value["steps"], false, action.steps);
  return action;
}

bool looks_like_workflow(const Document& document) {
  return document.root().entry("on") && document.root().entry("jobs");
}

bool looks_like_action(const Document& document) {
  return static_cast<bool>(document.root()["runs"].entry("using"));
}

bool is_generated(std::string_view file, const Document& document) {
  const bool locked = file.ends_with(".lock.yml");
  for (std::uint32_t number = 1; number <= document.line_count(); ++number) {
    const std::string_view line = document.line(number);
    if (!line.empty() && !line.starts_with('#')) break;
    if (locked && line.find("gh-aw") != std::string_view::npos) return true;
    if (number > generated_marks_end) continue;
    const std::string words = to_lower(line);
    const auto says = [&](std::string_view word) { return words.find(word) != std::string::npos; };
    const bool made = says("generated by") || says("generated from") || says("auto-generated") ||
                      says("autogenerated") || says("automatically generated") ||
                      says("generated file");
    const bool kept = says("do not edit") || says("do not modify") || says("don't edit") ||
                      says("do not change") || says("@generated") || says("will be overwritten") ||
                      says("changes will be lost");
    if (kept || (made && !says("originally"))) return true;
  }
  return false;
}

}  // namespace refgate::lint
