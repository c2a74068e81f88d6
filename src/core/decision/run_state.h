#pragma once
// What the REST API says of a workflow run, read with care: only a clear answer counts. Pure.
//
// Source: GitHub's REST reference, "Get a workflow run" (GET
// /repos/{owner}/{repo}/actions/runs/{run_id}): `status` is "completed" when the run has ended, and
// `run_attempt` is that of the newest attempt.

#include <optional>
#include <string>
#include <string_view>

#include "core/decision/decision.h"

namespace refgate {

/// Gitea's runs have `run_attempt` 0 up to 1.26, Forgejo's have none, and in place of "completed"
/// the outcome as their `status`.
enum class Attempts { told, may_be_untold };

/// `body` is the answer's text for the run that holds the claim. Unknown for anything but a whole
/// answer about that very run.
RunEnded read_run_state(std::string_view body, const Holder& holder,
                        Attempts attempts = Attempts::told);

/// Whether GitHub gives a run such an id: only digits.
bool is_run_number(std::string_view run_id);

/// "owner/name" of a run's page on `server_url`, or nullopt when the page is none of that server,
/// or of another run.
std::optional<std::string> repository_of_run(std::string_view run_url, std::string_view server_url,
                                             std::string_view run_id);

}  // namespace refgate
