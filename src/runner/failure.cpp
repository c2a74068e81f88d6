#include "runner/failure.h"

#include <ostream>

#include "core/words/sentence.h"
#include "runner/runner.h"

namespace refgate {
namespace {

/// A fenced block keeps its lines; the text is our own.
std::string fenced(const std::string& yaml) {
  return yaml.empty() ? std::string() : "\n```yaml\n" + yaml + "```\n";
}

std::string sentence(const std::string& text) {
  const bool has_end =
      text.empty() || std::string_view(".:?!").find(text.back()) != std::string_view::npos;
  return has_end ? text : text + ".";
}

}  // namespace

bool gives_verdict(std::string_view command) {
  return command == "gate" || command == "run" || command == "check";
}

void tell_failure(const Environment& environment, std::ostream& err, const Failure& failure) {
  if (!environment.in_actions()) return;
  const std::string head =
      !gives_verdict(failure.command)
          ? "refgate" + (failure.command.empty() ? "" : " " + failure.command) +
                " could not do its work"
      : failure.claim_may_stand
          ? "No verdict: nothing was launched, and a claim may have been made, which refgate "
            "finish gives back"
          : "No verdict: nothing was launched, nothing was claimed";
  const std::string message = capitalised(sentence(failure.message));
  const std::string hint = capitalised(sentence(failure.hint));
  std::string text = head + ". " + message;
  if (!failure.yaml.empty()) text += "\n" + failure.yaml;
  if (!hint.empty()) text += (failure.yaml.empty() ? " " : "") + hint;
  err << annotation(environment, "error", "refgate: no answer", text) << std::flush;
  append_summary(environment, "\n✖ **" + escape_for(Place::markdown, head) + ".** " +
                                  escape_for(Place::markdown, message) +
                                  (failure.yaml.empty() ? " " : fenced(failure.yaml) + "\n") +
                                  escape_for(Place::markdown, hint) + "\n\n");
}

}  // namespace refgate
