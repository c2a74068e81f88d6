#pragma once
// Asks the REST API whether the run that holds a claim has ended.

#include <chrono>
#include <string>

#include "core/decision/decision.h"
#include "runner/environment.h"

namespace refgate {

/// The token that may be shown to the API at `api`, an http or https URL: REFGATE_TOKEN when
/// `remote`, which that one is for, is on GITHUB_SERVER_URL too (or when both are this machine),
/// else GITHUB_TOKEN; empty when there is none.
std::string token_for_api(const Environment& environment, const std::string& api,
                          const std::string& remote);

/// One request by the machine's `curl`, with the token by its standard input, bounded by 3 s and by
/// `deadline`. GITHUB_API_URL says where, by https or on this machine; the run's page must be on
/// GITHUB_SERVER_URL. `unknown` without curl, without a token, and for anything but a clear answer.
/// Never throws.
RunEnded ask_run(const Environment& environment, const std::string& remote, const Claim& claim,
                 std::chrono::steady_clock::time_point deadline);

}  // namespace refgate
