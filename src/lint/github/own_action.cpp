#include "lint/github/own_action.h"

#include <span>
#include <stdexcept>
#include <utility>
#include <variant>

#include "lint/github/embedded.h"
#include "lint/github/facts.h"

namespace refgate::lint {
namespace {

Document read_embedded(std::span<const EmbeddedFile> files) {
  // The files are part of the program and read by its tests.
  if (files.size() != 1) throw std::logic_error("one file is to be compiled in");
  auto read = read_document(std::string(files.front().text));
  if (auto* document = std::get_if<Document>(&read)) return std::move(*document);
  throw std::logic_error(std::string(files.front().name) +
                         ".yml: " + std::get<SyntaxProblem>(read).message);
}

std::vector<std::string> keys_of(YamlNode mapping) {
  std::vector<std::string> keys;
  for (const Entry& entry : mapping.entries())
    keys.emplace_back(entry.key.text());
  return keys;
}

OwnInterface read_interface(YamlNode node) {
  return {keys_of(node["inputs"]), keys_of(node["outputs"]), keys_of(node["secrets"])};
}

}  // namespace

const OwnInterface& own_action() {
  static const OwnInterface interface = read_interface(read_embedded(embedded_action()).root());
  return interface;
}

const OwnInterface& own_called_workflow() {
  static const OwnInterface interface =
      read_interface(read_embedded(embedded_called_workflow()).root()["on"]["workflow_call"]);
  return interface;
}

bool is_own_action(std::string_view uses) { return matches_action(uses, "*/refgate"); }

bool is_own_called_workflow(std::string_view uses) {
  return matches_action(uses, "*/refgate/.github/workflows/gated.yml");
}

namespace {

/// `command: run` with the words of a command, one a line.
bool runs_words(const Step& step) {
  return step.input("command").value.text() == "run" && !step.input("args").value.text().empty();
}

}  // namespace

bool is_whole_session(const Step& step) {
  return is_own_action(step.uses_text()) &&
         (!step.input("run").value.text().empty() || runs_words(step));
}

bool is_list_of_words(const Step& step) {
  return !step.run && is_own_action(step.uses_text()) && step.input("run").value.text().empty() &&
         runs_words(step);
}

Entry script_of(const Step& step) {
  if (step.run) return step.run;
  if (is_list_of_words(step)) return step.input("args");
  return is_own_action(step.uses_text()) ? step.input("run") : Entry();
}

}  // namespace refgate::lint
