#pragma once
// Asks the REST API whether the run that holds a claim has ended.

#include <chrono>
#include <string>

#include "core/decision/decision.h"
#include "runner/environment.h"

namespace refgate {

/// One request (runner/rest_api.h) of at most 3 s, and by `deadline`. The run's page must be on
/// GITHUB_SERVER_URL. `unknown` without curl, without a token, and for anything but a clear answer.
/// Never throws.
RunEnded ask_run(const Environment& environment, const std::string& remote, const Claim& claim,
                 std::chrono::steady_clock::time_point deadline);

}  // namespace refgate
