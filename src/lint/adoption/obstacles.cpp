#include "lint/adoption/obstacles.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "lint/adoption/job_permissions.h"
#include "lint/expression/expression_value.h"
#include "lint/text/mention.h"
#include "lint/workflow/permissions.h"

namespace refgate::lint {
namespace {

std::string at_line(YamlNode node) { return "line " + std::to_string(node.place().line); }

/// Words of letters: "windows" of `windows-2022`, "self" and "hosted" of `self-hosted`.
std::vector<std::string> letters_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char character : to_lower(text)) {
    if (std::isalpha(static_cast<unsigned char>(character)) != 0)
      words.back() += character;
    else if (!words.back().empty())
      words.emplace_back();
  }
  return words;
}

template <std::size_t count>
bool has_word(std::string_view text, const std::array<std::string_view, count>& wanted) {
  const std::vector<std::string> words = letters_of(text);
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(wanted.begin(), wanted.end(), word) != wanted.end();
  });
}

constexpr auto other_systems = std::to_array<std::string_view>(
    {"windows", "win", "macos", "mac", "macosx", "osx", "darwin", "xcode", "freebsd"});
constexpr auto linux_names =
    std::to_array<std::string_view>({"ubuntu", "linux", "debian", "fedora", "rhel", "alpine"});

std::string_view labels_of(const Job& job) { return job.runs_on.value.source(); }

std::string wrong_runner(const Job& job) {
  if (!job.runs_on) return "it names no runner (`runs-on`)";
  const std::string_view labels = labels_of(job);
  if (labels.find("${{") != std::string_view::npos)
    return "on which system it runs is known only when it runs (" + quoted("runs-on") + ", " +
           at_line(job.runs_on.value) + "), and the gate is a program for Linux";
  if (has_word(labels, other_systems))
    return "it does not run on Linux (" + quoted("runs-on") + ", " + at_line(job.runs_on.value) +
           "), and the gate is a program for Linux";
  return {};
}

/// The image of the job's container; absent when it has none.
YamlNode image_of(const Job& job) {
  const YamlNode container = job.container.value;
  return container.is_mapping() ? container["image"] : container;
}

/// Images that are known to come without bash: `alpine:3`, `node:22-alpine`, `docker:dind`, …
bool lacks_bash(std::string_view image) {
  constexpr auto bare = std::to_array<std::string_view>(
      {"alpine", "busybox", "distroless", "scratch", "chainguard", "wolfi", "nanoserver",
       "servercore", "curlimages", "kaniko"});
  const std::size_t slash = image.rfind('/');
  std::string_view name = slash == std::string_view::npos ? image : image.substr(slash + 1);
  name = name.substr(0, name.find_first_of(":@"));
  const bool official =
      slash == std::string_view::npos || image.substr(0, slash).ends_with("library");
  return has_word(image, bare) || (official && name == "docker");
}

bool has_bash(std::string_view image) {
  constexpr auto full = std::to_array<std::string_view>(
      {"ubuntu", "debian", "fedora", "node", "python", "golang", "rust", "ruby", "php",
       "rockylinux", "almalinux", "amazonlinux", "playwright", "devcontainers"});
  return has_word(image, full) && !lacks_bash(image);
}

std::string wrong_container(const Job& job) {
  const YamlNode image = image_of(job);
  if (!image) return {};
  const std::string where = " (" + at_line(image) + ")";
  if (image.has_expression())
    return "in which container it runs is known only when it runs" + where +
           ", and the gate needs bash there";
  if (lacks_bash(image.text()))
    return "it runs in the container " + quoted(image.text()) + where +
           ", which has no bash, and the gate needs bash";
  return {};
}

/// The first anchor in what is written here; what is repeated elsewhere would be changed there too.
YamlNode anchor_in(YamlNode node) {
  if (node.is_alias()) return {};
  if (!node.anchor().empty()) return node;
  for (const YamlNode item : node.items())
    if (const YamlNode found = anchor_in(item)) return found;
  for (const Entry& entry : node.entries())
    for (const YamlNode part : {entry.key, entry.value})
      if (const YamlNode found = anchor_in(part)) return found;
  return {};
}

std::string wrong_form(const Job& job) {
  const YamlNode steps = job.steps_entry.value;
  if (job.steps.empty()) return "it has no steps of its own";
  if (job.node.style() != Style::block || job.node.is_alias() || steps.is_alias() ||
      steps.style() != Style::block)
    return "its steps are written in a form that takes no edit (" + at_line(steps) + ")";
  for (const Step& step : job.steps) {
    if (step.parallel) return "steps run side by side (" + at_line(step.node) + ")";
    if (step.node.is_alias() || step.node.style() != Style::block || step.node.size() == 0)
      return "a step is written in a form that takes no edit (" + at_line(step.node) + ")";
  }
  if (const YamlNode anchor = anchor_in(job.node))
    return "part of it is repeated elsewhere by the anchor `&" + std::string(anchor.anchor()) +
           "` (" + at_line(anchor) + ")";
  return {};
}

std::string wrong_condition(const Job& job) {
  for (const Step& step : job.steps) {
    if (!step.condition) continue;
    if (step.condition.value.is_alias())
      return "the condition of a step stands elsewhere (" + at_line(step.condition.value) + ")";
    const std::string why = why_not_joinable(step.condition.value.text());
    if (!why.empty())
      return "the condition of a step " + why + " (" + at_line(step.condition.key) +
             "), so that no guard can be joined to it; mend it first (`refgate lint` says how)";
  }
  return {};
}

}  // namespace

std::string obstacle_of(const AgentJob& agent) {
  const Job& job = *agent.job;
  for (const std::string& found :
       {wrong_runner(job), wrong_container(job), wrong_form(job), wrong_condition(job)})
    if (!found.empty()) return found;
  return {};
}

std::vector<std::string> doubts_of(const AgentJob& agent) {
  std::vector<std::string> doubts;
  const Job& job = *agent.job;
  if (!has_word(labels_of(job), linux_names))
    doubts.push_back("nothing in `runs-on` (" + at_line(job.runs_on.value) +
                     ") says that its runner is Linux, which the gate needs");
  const YamlNode image = image_of(job);
  if (image && !has_bash(image.text()))
    doubts.push_back("it runs in the container " + quoted(image.text()) + " (" + at_line(image) +
                     "): the gate needs bash there");
  const bool called = agent.workflow->trigger("workflow_call") != nullptr;
  if (called && !gives_to_gate(permissions_of(*agent.workflow, job).value))
    doubts.push_back(
        "its workflow can be called, too: GitHub refuses the run of a caller elsewhere that does "
        "not give `contents: write` and `actions: read`");
  return doubts;
}

}  // namespace refgate::lint
