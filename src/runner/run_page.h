#pragma once
// The web page of a run where it is not what GitHub makes it.

#include <optional>
#include <string>
#include <string_view>

#include "runner/environment.h"

namespace refgate {

/// Whether the job is one of Gitea or Forgejo (GITEA_ACTIONS, FORGEJO_ACTIONS).
bool is_gitea_or_forgejo(const Environment& environment);

/// Gitea and Forgejo serve the page of a run by its number in the
/// repository, GITHUB_RUN_NUMBER: that of this job's own run, and empty for any other run, whose
/// number is not known. nullopt elsewhere: pages go by the run's id.
std::optional<std::string> numbered_run_page(const Environment& environment,
                                             const std::string& repository,
                                             const std::string& run_id);

/// What the address of a run's page ends with, for who checks that it is that run's: the id, or the
/// number that stands there where pages go by number.
std::string name_in_run_page(const Environment& environment, std::string_view run_url,
                             const std::string& run_id);

}  // namespace refgate
