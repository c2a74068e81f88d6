#include "lint/gates/session_end.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lint/expression/expression.h"
#include "lint/gates/gate_costs.h"

namespace refgate::lint {

const Step* finish_in(const Job& job, const Project& project, const Facts& facts) {
  const auto found = std::find_if(job.steps.begin(), job.steps.end(), [&](const Step& step) {
    return has_session_command(step, project, facts, "finish");
  });
  return found == job.steps.end() ? nullptr : &*found;
}

bool is_told_outcome(const Step& finish, std::string_view work) {
  const Entry status = finish.input("status");
  if (!status)
    return finish.run_text().find("--status") != std::string_view::npos ||
           finish.env.value.entry("REFGATE_STATUS") ||
           finish.input("flags").value.text().find("status") != std::string_view::npos;
  const Expression expression = parse_template(status.value.text());
  if (!expression.is_valid()) return true;
  const std::vector<Reference> all = references(expression);
  if (all.size() != 1 || !all.front().is_literal()) return true;
  return !refers_to(all.front(), {"job", "status"}) &&
         !refers_to(all.front(), {"steps", std::string(work), "conclusion"});
}

}  // namespace refgate::lint
