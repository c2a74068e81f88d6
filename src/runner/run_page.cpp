#include "runner/run_page.h"

namespace refgate {
namespace {

/// Forgejo's runner sets both.
bool is_forgejo(const Environment& environment) {
  return environment.get("FORGEJO_ACTIONS") == "true";
}

}  // namespace

bool is_gitea_or_forgejo(const Environment& environment) {
  return environment.get("GITEA_ACTIONS") == "true" || is_forgejo(environment);
}

std::optional<std::string> numbered_run_page(const Environment& environment,
                                             const std::string& repository,
                                             const std::string& run_id) {
  if (!is_gitea_or_forgejo(environment)) return std::nullopt;
  const std::string number = environment.get("GITHUB_RUN_NUMBER");
  const bool own = !run_id.empty() && run_id == environment.get("GITHUB_RUN_ID");
  std::string server = environment.get("GITHUB_SERVER_URL");
  const bool web = server.starts_with("https://") || server.starts_with("http://");
  if (!own || !web || repository.empty() || number.empty() ||
      number.find_first_not_of("0123456789") != std::string::npos)
    return std::string();
  while (server.ends_with('/'))
    server.pop_back();
  // Gitea's pages go by the run's id since 1.26, where this means the number as ever; before, as in
  // Forgejo, it means nothing.
  return server + "/" + repository + "/actions/runs/" + number +
         (is_forgejo(environment) ? "" : "?by_index=1");
}

std::string name_in_run_page(const Environment& environment, std::string_view run_url,
                             const std::string& run_id) {
  constexpr std::string_view before = "/actions/runs/";
  const std::size_t at = run_url.find(before);
  if (!is_gitea_or_forgejo(environment) || at == std::string_view::npos) return run_id;
  const std::string_view tail = run_url.substr(at + before.size());
  const std::string_view number = tail.substr(0, tail.find_first_not_of("0123456789"));
  return number.empty() ? run_id : std::string(number);
}

}  // namespace refgate
