#pragma once
// The REST API of the server that the run is on, by the machine's `curl`.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "runner/environment.h"

namespace refgate {

/// The token that may be shown to the API at `api`, an http or https URL: REFGATE_TOKEN when
/// `remote`, which that one is for, is on GITHUB_SERVER_URL too (or when both are this machine),
/// else GITHUB_TOKEN; empty when there is none.
std::string token_for_api(const Environment& environment, const std::string& api,
                          const std::string& remote);

struct ApiQuestion {
  std::string path;    ///< "/repos/…", its parts escaped already
  std::string accept;  ///< the media type
  std::chrono::milliseconds longest{};
  std::size_t most_bytes = 0;
  bool without_token = false;  ///< asked all the same where there is no token
  bool post = false;           ///< something is to be done; 202 says that it will be
};

struct ApiAnswer {
  std::string body;   ///< of an answer 200, of a POST 202; else empty
  int status = 0;     ///< 0: there was no whole answer
  std::string wrong;  ///< for people: why there is no such answer; else empty
};

/// One request, with the token by curl's standard input, bounded by `deadline` as well.
/// GITHUB_API_URL says where, by https or on this machine. Redirects are not followed. Never
/// throws.
ApiAnswer ask_api(const Environment& environment, const std::string& remote,
                  const ApiQuestion& question, std::chrono::steady_clock::time_point deadline);

}  // namespace refgate
