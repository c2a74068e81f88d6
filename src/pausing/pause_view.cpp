#include "pausing/pause_view.h"

#include "core/text/json.h"
#include "runner/runner.h"

namespace refgate {

void tell_pauses(std::ostream& out, const std::vector<Pause>& pauses) {
  for (const Pause& pause : pauses)
    out << escape_for(Place::line, describe(pause))
        << "\n  to lift it: " << escape_for(Place::line, how_to_resume(pause.subject)) << "\n";
  if (!pauses.empty()) out << "\n";
}

nlohmann::json json_of(const std::vector<Pause>& pauses) {
  nlohmann::json list = nlohmann::json::array();
  for (const Pause& pause : pauses)
    list.push_back(
        {{"subject", name_of(pause.subject)},
         {"since", format_rfc3339(pause.since)},
         {"until", pause.until ? nlohmann::json(format_rfc3339(*pause.until)) : nlohmann::json()},
         {"halt", pause.halt},
         {"who", pause.who},
         {"reason", pause.reason}});
  return list;
}

}  // namespace refgate
