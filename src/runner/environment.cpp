#include "runner/environment.h"

#include <unistd.h>

namespace refgate {

Environment Environment::of_process() {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Environment(std::move(variables));
}

std::string server_url(const Environment& environment) {
  const std::string given = environment.get("GITHUB_SERVER_URL");
  return given.empty() ? "https://github.com" : given;
}

}  // namespace refgate
