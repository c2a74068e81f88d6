// health: may the work go on? Answered from the job's own record, without any network.

#include <algorithm>
#include <ostream>

#include "call/commands.h"
#include "call/json_output.h"
#include "core/text/count.h"
#include "core/text/json.h"
#include "job/note/health_file.h"
#include "job/note/heartbeat_process.h"
#include "runner/runner.h"

namespace refgate {
namespace {

/// Nobody renews the session any more, though nobody said that it ends. Until its lease is over it
/// may go on.
bool is_left_alone(const Health& health, const HealthAnswer& answer) {
  return !answer.halt && !health.observing && !health.ended && health.interval > Duration::zero() &&
         health.heartbeat_process > 0 && !beats_already(health);
}

nlohmann::json json_of(const Health& health, const HealthAnswer& answer, BootTime at) {
  auto value = nlohmann::json::parse(encode_health(health));
  value["alive"] = !answer.halt;
  value["halt"] = answer.halt;
  if (health.observing) value["would_halt"] = answer.would_halt;
  value["left_alone"] = is_left_alone(health, answer);
  value["cause"] = answer.cause;
  value["text"] = answer.text;
  const bool holds = !answer.halt && !answer.would_halt && !health.unclaimed;
  value["holds_for_ms"] = holds ? (halts_at(health) - at).count() : 0;
  // Whoever reads this may put it into a log, and who has the id owns the claim.
  value.erase("claim_id");
  return value;
}

std::string line_of(const Health& health, const HealthAnswer& answer) {
  std::string text = health.session_key + ": " + (answer.halt ? "halt, " : "alive, ") + answer.text;
  if (health.unclaimed) return text;
  text += ". Last heartbeat " + format_rfc3339(health.last_beat);
  text += health.interval == Duration::zero() ? ", none follow"
                                              : ", one every " + format_duration(health.interval);
  if (is_left_alone(health, answer))
    text += ", but their process " + std::to_string(health.heartbeat_process) +
            " is not to be seen from here: unless something renews it, it halts at the end of its "
            "lease";
  if (health.failures > 0)
    text += ", " + std::to_string(health.failures) + " failed since (" + health.failure + ")";
  if (health.operations > 0) text += ", " + counted(health.operations, "operation") + " under way";
  if (health.cascade > 0)
    text += ", " + counted(health.cascade, "operation") + " asked after it died";
  return text;
}

}  // namespace

int command_health(const Invocation& call) {
  const Settings settings = settings_of(call);
  const JobState state(settings, call.environment);
  const bool entering = call.flag("enter");
  const bool leaving = call.flag("leave");
  if (entering && leaving) throw UsageError("--enter and --leave say opposite things");
  std::vector<Health> records = health_of_job(state, settings.claim_id);
  // What ended is no session of this job any more, unless it is the only one that there was.
  if (std::any_of(records.begin(), records.end(),
                  [](const Health& health) { return !health.ended; }))
    std::erase_if(records, [](const Health& health) { return health.ended; });
  else if (!records.empty())
    records.erase(records.begin(), records.end() - 1);
  if (records.empty()) state.require_own_folder("its health is not known");
  if (records.empty())
    throw UsageError(
        "no session is known to this job, so that its health is not known either: no gate said "
        "that it may run");

  bool halt = false;
  auto list = nlohmann::json::array();
  for (Health& health : records) {
    const BootTime at = boot_now();
    HealthAnswer told = answer(health, at);
    bool first_notice = false;
    if (told.halt || entering || leaving) {
      const HealthFile file(state, health.claim_id);
      const auto noted = file.update([&](Health& record) {
        if (leaving && record.operations > 0) --record.operations;
        if (!told.halt && entering) ++record.operations;
        if (!told.halt || told.cause == "ended") return;
        first_notice = record.cascade == 0;
        if (!record.death)
          record = died(std::move(record), {now(), DeathCause::expired, told.text});
        if (!leaving) ++record.cascade;
      });
      if (noted) health = *noted;
    }
    halt = halt || told.halt;
    if (call.flag("json"))
      list.push_back(json_of(health, told, at));
    else if (!told.halt && !call.flag("quiet"))
      call.out << escape_for(Place::line, line_of(health, told)) << "\n";
    // The cause is said once; what follows from it is only counted.
    if (told.halt && told.cause == "ended")
      call.err << "refgate: " << escape_for(Place::line, health.session_key + ": " + told.text)
               << "\n";
    else if (told.halt && first_notice)
      call.err << "refgate: session death cascade: "
               << escape_for(Place::line, health.session_key + ": " + told.text)
               << "; operations that follow are stopped and counted\n";
  }
  if (call.flag("json")) print_json_list(call.out, "sessions", std::move(list));
  return halt ? exit_no : exit_done;
}

}  // namespace refgate
