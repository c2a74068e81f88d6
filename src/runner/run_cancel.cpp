#include "runner/run_cancel.h"

#include "core/decision/run_state.h"
#include "runner/rest_api.h"
#include "runner/run_page.h"

namespace refgate {

std::string cancel_run(const Environment& environment, const std::string& remote,
                       const Holder& holder, std::chrono::steady_clock::time_point deadline) {
  using namespace std::chrono_literals;
  const auto repository =
      repository_of_run(holder.run_url, server_url(environment),
                        name_in_run_page(environment, holder.run_url, holder.run_id));
  if (!repository || !is_run_number(holder.run_id)) return "it has no page on this server";
  const ApiAnswer answer =
      ask_api(environment, remote,
              {.path = "/repos/" + *repository + "/actions/runs/" + holder.run_id + "/cancel",
               .accept = "application/vnd.github+json",
               .longest = 10s,
               .most_bytes = 1'000'000,
               .post = true},
              deadline);
  if (answer.wrong.empty() || answer.status == 409) return {};
  const bool forbidden = answer.status == 403 || answer.status == 404;
  return answer.wrong + (forbidden ? "; the job's token needs the permission actions: write" : "");
}

}  // namespace refgate
