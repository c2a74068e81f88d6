#include "runner/environment.h"

#include <unistd.h>

#include <array>

#include "runner/given_away.h"

namespace refgate {

Environment Environment::of_process() {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  Environment environment(std::move(variables));
  environment.forget_tokens_in_names();
  return environment;
}

void Environment::forget_tokens_in_names() {
  // The repository's name is not among them: that is where the state lies.
  static constexpr std::array<std::string_view, 13> names{
      "GITHUB_ACTOR",    "GITHUB_TRIGGERING_ACTOR",
      "GITHUB_WORKFLOW", "GITHUB_WORKFLOW_REF",
      "GITHUB_JOB",      "GITHUB_REF",
      "GITHUB_REF_NAME", "GITHUB_HEAD_REF",
      "GITHUB_BASE_REF", "GITHUB_EVENT_NAME",
      "GITHUB_RUN_ID",   "USER",
      "LOGNAME"};
  const auto secrets = tokens_in_use(*this);
  if (secrets.empty()) return;
  for (const std::string_view name : names)
    if (const auto found = variables_.find(name); found != variables_.end())
      found->second = without_secrets(std::move(found->second), secrets);
}

std::string server_url(const Environment& environment) {
  const std::string given = environment.get("GITHUB_SERVER_URL");
  return given.empty() ? "https://github.com" : given;
}

}  // namespace refgate
