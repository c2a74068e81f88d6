#include "runner/run_lookup.h"

#include "core/decision/run_state.h"
#include "runner/rest_api.h"
#include "runner/run_page.h"

namespace refgate {

RunEnded ask_run(const Environment& environment, const std::string& remote, const Claim& claim,
                 std::chrono::steady_clock::time_point deadline) {
  using namespace std::chrono_literals;
  const std::string& run = claim.holder.run_id;
  if (!is_run_number(run)) return RunEnded::unknown;
  const auto repository =
      repository_of_run(claim.holder.run_url, server_url(environment),
                        name_in_run_page(environment, claim.holder.run_url, run));
  if (!repository) return RunEnded::unknown;
  const ApiAnswer answer = ask_api(environment, remote,
                                   {.path = "/repos/" + *repository + "/actions/runs/" + run,
                                    .accept = "application/vnd.github+json",
                                    .longest = 3s,
                                    .most_bytes = 1'000'000},
                                   deadline);
  if (!answer.wrong.empty()) return RunEnded::unknown;
  return read_run_state(
      answer.body, claim.holder,
      is_gitea_or_forgejo(environment) ? Attempts::may_be_untold : Attempts::told);
}

}  // namespace refgate
