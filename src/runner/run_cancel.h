#pragma once
// Asks the REST API to cancel a run.

#include <chrono>
#include <string>

#include "core/claim/claim.h"
#include "runner/environment.h"

namespace refgate {

/// One request (runner/rest_api.h), of at most 10 s and by `deadline`. The run's page must be on
/// GITHUB_SERVER_URL. Returns, for people, why it will not be cancelled; empty when it will be, or
/// has ended. Never throws.
///
/// GitHub's "REST API endpoints for workflow runs": POST …/cancel answers 202, or 409 for a run
/// that has ended; the token needs `actions: write`.
std::string cancel_run(const Environment& environment, const std::string& remote,
                       const Holder& holder, std::chrono::steady_clock::time_point deadline);

}  // namespace refgate
