// run -- cmd…: the whole life of a session around one command, or around many (--each).

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <ostream>

#include "call/commands.h"
#include "core/claim/claim.h"
#include "job/end/work_end.h"
#include "job/note/health_file.h"
#include "job/session/halting.h"
#include "job/session/run_each.h"
#include "job/session/session.h"
#include "os/process/child_group.h"
#include "os/process/marked_processes.h"
#include "runner/failure.h"
#include "runner/runner.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

bool is_cancel(int signal) {
  return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

/// Outside of a job there is no folder that belongs to this session alone, so it gets one.
class SessionFolder {
 public:
  SessionFolder(Settings& settings, const Environment& environment) {
    if (!settings.state_dir.empty() || !environment.get("RUNNER_TEMP").empty()) return;
    std::string pattern = (std::filesystem::temp_directory_path() / "refgate-run-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("no folder for the session could be made at " + pattern + " (" +
                               std::strerror(errno) + "); nothing was asked");
    settings.state_dir = path_ = pattern;
  }
  SessionFolder(const SessionFolder&) = delete;
  SessionFolder& operator=(const SessionFolder&) = delete;
  ~SessionFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }

 private:
  std::string path_;
};

/// What `run` makes of its command.
struct RunPlan {
  Duration kill_after{};
  std::optional<Duration> limited_after;  ///< what limited_status means; nullopt: a failure
};

WorkEnd end_by(int status, const std::optional<Duration>& limited_after) {
  if (status == 0) return {"success", std::nullopt};
  if (status == limited_status && limited_after)
    return {std::string(name_of(ClaimOutcome::limited)), now() + *limited_after};
  return {"failure", std::nullopt};
}

int run_one(const Invocation& call, LedSession& session, ChildGroup::Command command,
            const RunPlan& plan) {
  ChildGroup child;
  if (!child.start(command)) {
    const int error = errno;
    call.err << "refgate: " << escape_for(Place::line, command.arguments.front())
             << " could not be started (" << std::strerror(error) << ")\n";
    session.end({"skipped", std::nullopt});
    return error == ENOENT ? 127 : 126;
  }
  Halting halting;
  bool cancelled = false;
  const std::string mark = session.mark();
  // When it is halted, all that it started is waited for, whatever becomes of the first of them.
  while (!child.look() ||
         (halting.begun() && !halting.done() && (child.any_left() || any_marked(mark)))) {
    const Duration look_again = child.status() ? Duration(20ms) : Duration(1min);
    const News news = session.wait(std::min(halting.next_in(boot_now()), look_again));
    for (const int signal : news.signals) {
      if (signal == SIGCONT) child.take_terminal();
      if (!is_cancel(signal) || halting.begun()) {
        child.signal(signal);
      } else {
        cancelled = true;
        halting.begin(Halting::for_cancel(signal), boot_now());
      }
    }
    if (news.lost && !halting.begun())
      halting.begin(Halting::for_loss(plan.kill_after), boot_now());
    halting.advance(boot_now(), {&child}, mark);
  }
  const int status = *child.status();
  cancelled = cancelled || status == 128 + SIGINT;
  const bool ended = session.end(session.lost() || cancelled ? WorkEnd{"cancelled", std::nullopt}
                                                             : end_by(status, plan.limited_after));
  if (session.lost() && status == 0) return exit_no;
  if (!ended && status == 0) return exit_store;
  return status;
}

int skip_status(const Invocation& call) {
  const std::string text = call.option("skip-exit", "0");
  int status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  if (error != std::errc() || end != text.data() + text.size() || status < 0 || status > 255)
    throw UsageError("--skip-exit is \"" + text +
                     "\", but must be a number from 0 to 255; nothing was asked");
  return status;
}

}  // namespace

int command_run(const Invocation& call) {
  Settings settings = settings_of(call);
  const int skipped = skip_status(call);
  const std::string grace = call.option("kill-after", "10s");
  const auto kill_after = parse_duration(grace);
  if (!kill_after)
    throw UsageError("--kill-after is \"" + grace +
                     "\", but must be a span of time such as 10s; nothing was asked");
  const RunPlan plan{*kill_after, limited_after_of(call)};
  if (call.arguments.empty())
    throw UsageError("there is no command to run: give it after --; nothing was asked");
  const std::optional<EachPlan> each = each_plan(call);

  if (each && each->items.empty()) {
    call.out << "Items: 0 in all; nothing was asked\n";
    return exit_done;
  }
  // The environment of this process holds the token, and what it starts runs as the same user.
  ::prctl(PR_SET_DUMPABLE, 0);
  const SessionFolder folder(settings, call.environment);
  require_room_for_heartbeats(settings.policy);
  LedSession session(call, settings);
  const GateAnswer& gate = session.gate_answer();
  if (session.cancelled_by() != 0) {
    session.give_back();
    return 128 + session.cancelled_by();
  }
  if (gate.verdict == Verdict::skip && gate.own_failure) {
    // Asked again, a failure must not end well.
    call.err << "refgate: this run's own session did not end with success, so that this one does "
                "not either\n";
    return exit_no;
  }
  if (gate.verdict == Verdict::skip) return gate.exit != exit_done ? gate.exit : skipped;

  ChildGroup::Command command;
  command.arguments = call.arguments;
  if (!call.flag("keep-token")) command.removed = token_variables(call.environment);
  // `refgate health` of the command must find this session.
  command.added = {{"REFGATE_STATE_DIR", session.state().folder()},
                   {session_mark_variable, session.mark()}};
  if (session.has_claim()) {
    try {
      session.begin();
    } catch (const std::exception& error) {
      call.err << "refgate: " << escape_for(Place::line, error.what()) << "; nothing was run\n";
      const bool given_back = session.give_back();
      tell_failure(call.environment, call.err, {call.command, error.what(), {}, {}, !given_back});
      return exit_internal;
    }
  }
  return each ? run_each(call, session, command, *kill_after, *each)
              : run_one(call, session, command, plan);
}

}  // namespace refgate
