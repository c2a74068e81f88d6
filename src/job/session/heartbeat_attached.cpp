#include "job/session/heartbeat_attached.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <random>
#include <set>
#include <thread>

#include "core/text/digest.h"
#include "core/text/json.h"
#include "job/end/broken_promises.h"
#include "job/end/ending.h"
#include "job/note/health_file.h"
#include "job/note/heartbeat_socket.h"
#include "job/note/renewal.h"
#include "job/session/waking.h"
#include "os/file/file_lock.h"
#include "os/process/marked_processes.h"
#include "runner/run_cancel.h"
#include "runner/run_lookup.h"
#include "state/claiming.h"
#include "state/fold_record.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr int events_descriptor = 3;
constexpr Duration grace_of_orphans = 1s;
constexpr std::size_t swept_at_once = 20;
constexpr Duration tidying_bound = 5s;
constexpr Duration longest_cancelling = 13s;
// Where no parent tells: a job of a self-hosted runner ends after five days (docs.github.com,
// "Usage limits for self-hosted runners").
constexpr Duration longest_job = std::chrono::days(5);

void tell_listener(bool listening, const char* line) {
  if (!listening) return;
  // Nobody reads any more: no reason to stop.
  if (::write(events_descriptor, line, std::char_traits<char>::length(line)) < 0) return;
}

/// Up to a tenth longer, so that the runners of one repository do not all push at the same moment,
/// and never more than one push an interval.
Duration with_jitter(Duration interval) {
  static std::minstd_rand random{std::random_device{}()};
  return interval + Duration(std::uniform_int_distribution<Duration::rep>(
                        0, std::max<Duration::rep>(interval.count() / 10, 1))(random));
}

/// Work whose leader was killed must not go on beside whoever takes it over.
void stop_orphans(const std::string& mark) {
  const BootTime until = boot_now() + grace_of_orphans;
  if (signal_marked(mark, SIGTERM).empty()) return;
  while (any_marked(mark) && boot_now() < until)
    std::this_thread::sleep_for(20ms);
  signal_marked(mark, SIGKILL);
}

/// Once a job, by a process that nobody waits for: what is old is forgotten and folded. gc does the
/// same, and more of it.
void tidy(Store& store, const Settings& settings) {
  sweep(store, settings.name_space, swept_at_once, tidying_bound);
  fold_earlier_days(store, settings.name_space, now(), tidying_bound);
}

/// What the process holds in its own memory: nothing here is read from the job's files again.
struct Held {
  ClaimNote note;
  Health health;
  std::set<std::string> published;
  std::string mark;  ///< of the session's processes (os/process/marked_processes.h); empty: none
  bool cancels_run = false;  ///< see OnLost
  bool listening = false;    ///< its parent reads what becomes of each beat
};

class Beating {
 public:
  Beating(const Invocation& call, const Settings& settings, const JobState& state, Held held)
      : call_(call),
        settings_(settings),
        state_(state),
        file_(state, held.note.claim.claim_id),
        held_(std::move(held)),
        process_(std::strtol(call.option("while-pid", "0").c_str(), nullptr, 10)),
        socket_(heartbeat_address(call.environment, state)),
        waiting_(process_, state.folder(), socket_.descriptor()) {}

  int run() {
    held_.health.interval = settings_.policy.interval;
    held_.health.heartbeat_process = ::getpid();
    tell_file();
    const BootTime last = boot_now() + longest_job;
    next_ = boot_now() + span_option(call_, "first-after", Duration::zero());
    while (boot_now() < last) {
      switch (waiting_.until(std::min(next_, last))) {
        case Woken::job_gone:
          stop_orphans(held_.mark);
          return exit_done;
        case Woken::told_to_stop:
          return exit_done;
        case Woken::asked:
          if (answer_question()) return exit_done;
          continue;
        case Woken::state_changed:
          if (job_says_ended()) return exit_done;
          continue;
        case Woken::time:
          break;
      }
      if (const auto status = beat()) return *status;
    }
    return exit_done;
  }

 private:
  /// Whether the job's own `finish` has ended the session, as its file says. A note that vanished
  /// says nothing.
  bool job_says_ended() const {
    for (const ClaimNote& note : state_.notes())
      if (note.claim.claim_id == held_.note.claim.claim_id) return note.is_over();
    return false;
  }

  /// The record for `health` and for people. That it cannot be written stops nothing.
  void tell_file() const {
    try {
      const auto kept = file_.update([&](Health& health) {
        health.interval = held_.health.interval;
        health.heartbeat_process = held_.health.heartbeat_process;
      });
      if (kept) return;
      state_.make_folder();
      file_.write(held_.health);
    } catch (const std::runtime_error&) {
      return;
    }
  }

  /// One try. A status ends the process.
  std::optional<int> beat() {
    if (job_says_ended()) return exit_done;
    const Duration left = halts_at(held_.health) - boot_now();
    if (left <= Duration::zero()) {
      die({now(), DeathCause::expired, answer(held_.health, boot_now()).text});
      tell_listener(held_.listening, "lost\n");
      return exit_no;
    }
    tell_file();
    const BootTime sent = boot_now();
    try {
      const auto store = store_of(call_, settings_);
      store->set_deadline(std::min(store->deadline(), std::chrono::steady_clock::now() + left));
      std::string unwritten;
      switch (renew_lease(*store, state_, held_.note, settings_.policy.lease,
                          {held_.published, unwritten})) {
        case Beat::renewed:
          held_.health.lease = settings_.policy.lease;
          held_.health = renewed(std::move(held_.health), sent, held_.note.claim.renewed_at);
          tell_listener(held_.listening, "renewed\n");
          if (!tidied_) tidy(*store, settings_);
          tidied_ = true;
          next_ = boot_now() + with_jitter(settings_.policy.interval);
          return run_has_ended() ? std::optional<int>(exit_done) : std::nullopt;
        case Beat::unclaimed:
        case Beat::ended:
          tell_listener(held_.listening, "ended\n");
          return exit_done;
        case Beat::lost:
          tell_listener(held_.listening, "lost\n");
          return exit_no;
        case Beat::called_off:
          tell_listener(held_.listening, "lost\n");
          cancel_own_run();
          return exit_no;
      }
    } catch (const std::exception&) {
      // The record has it, unless the disk is what failed. A try that failed may be made again
      // before the next interval, but not so often that it becomes a burden.
      tell_listener(held_.listening, "failed\n");
      next_ =
          boot_now() + with_jitter(std::clamp<Duration>(settings_.policy.interval / 4, 500ms, 30s));
    }
    return std::nullopt;
  }

  /// Once, since the process ends with it. Who only watches goes on.
  void cancel_own_run() const {
    if (!held_.cancels_run || held_.health.observing) return;
    // A later attempt is another job's, and this process may have outlived its own.
    const auto deadline = std::chrono::steady_clock::now() + longest_cancelling;
    if (ask_run(call_.environment, call_.option("remote"), held_.note.claim, deadline) ==
        RunEnded::yes)
      return;
    const std::string wrong =
        cancel_run(call_.environment, call_.option("remote"), held_.note.claim.holder, deadline);
    if (wrong.empty()) return;
    try {
      file_.update([&](Health& record) { record.not_cancelled = wrong; });
    } catch (const std::runtime_error&) {
      return;
    }
  }

  void die(const Death& death) const {
    try {
      file_.update([&](Health& record) { record = died(std::move(record), death); });
    } catch (const std::runtime_error&) {
      return;
    }
  }

  /// In a container no process of the job is its parent, so that only REST knows of the end.
  bool run_has_ended() const {
    if (process_ > 0) return false;
    return ask_run(call_.environment, call_.option("remote"), held_.note.claim,
                   std::chrono::steady_clock::now() + 3s) == RunEnded::yes;
  }

  /// True when the session has ended, by this process or before.
  bool answer_question() {
    const auto line = socket_.hear();
    if (!line) return false;
    const auto question = decode_question(*line);
    if (!question) {
      socket_.answer(R"({"result":"failed","text":"the question was not understood"})");
      return false;
    }
    nlohmann::json reply = {{"claim_id", held_.note.claim.claim_id}, {"ref", held_.note.ref}};
    bool over = false;
    try {
      std::string broken;
      const Ended ended = end(*question, broken);
      over = true;
      reply["result"] = ended.given_back                         ? "given_back"
                        : ended.result == Ended::Result::ended   ? "ended"
                        : ended.result == Ended::Result::already ? "already"
                                                                 : "not_ours";
      reply["text"] = describe_end(ended, held_.note.claim.session_key);
      if (!broken.empty()) reply["broken"] = broken;
      if (const std::string loss = describe_loss(ended); !loss.empty()) {
        reply["loss"] = loss;
        reply["session_key"] = held_.note.claim.session_key;
      }
    } catch (const std::exception& error) {
      reply["result"] = "failed";
      reply["text"] = error.what();
    }
    socket_.answer(reply.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
    if (over) tell_listener(held_.listening, "ended\n");
    return over;
  }

  Ended end(const EndQuestion& question, std::string& broken) {
    const auto store = store_of(call_, settings_);
    store->set_deadline(
        std::min(store->deadline(), std::chrono::steady_clock::now() + question.within));
    ClaimNote note = held_.note;
    // Whether anybody was told to run is known to the gate alone, which may have been killed in
    // between; what its file says can at most give the job's own session back.
    for (const ClaimNote& kept : state_.notes())
      if (kept.claim.claim_id == note.claim.claim_id && is_untold(kept.phase))
        note.phase = Phase::won;
    Settings told = settings_;
    told.spent = question.spent;
    const Ended ended = end_session(call_, told, *store, note, {question.status, question.until});
    broken = describe_broken_promises(settings_, *store, note, ended);
    return ended;
  }

  const Invocation& call_;
  const Settings& settings_;
  const JobState& state_;
  HealthFile file_;
  Held held_;
  long process_;
  HeartbeatSocket socket_;
  Waking waiting_;
  BootTime next_{};
  bool tidied_ = false;
};

/// What the process is told through its pipe.
std::optional<Held> read_held(const nlohmann::json& words, const JobState& state) {
  const auto text = [&](const char* name) { return words.value(name, std::string()); };
  auto claim = decode_claim(text("claim"));
  if (!std::holds_alternative<Claim>(claim)) return std::nullopt;
  Held held;
  held.note.ref = text("ref");
  held.note.name_space = text("namespace");
  held.note.remote = text("remote");
  held.note.runner_job = state.runner_job();
  held.note.claim = std::get<Claim>(std::move(claim));
  if (const std::string version = text("object"); !version.empty())
    held.note.version = Version{version};
  held.mark = text("mark");
  held.listening = words.value("listen", false);
  held.cancels_run = words.value("cancels_run", false);
  // Written by whoever made the claim, before any other code ran.
  const auto health = HealthFile(state, held.note.claim.claim_id).read();
  held.health =
      health.value_or(health_of(held.note.claim, held.note.ref, held.note.runner_job, boot_now()));
  return held;
}

}  // namespace

Duration span_option(const Invocation& call, const std::string& name, Duration fallback) {
  const std::string value = call.option(name);
  if (value.empty()) return fallback;
  const auto parsed = parse_duration(value);
  if (!parsed)
    throw UsageError("--" + name + " is \"" + value +
                     "\", but must be a span of time such as 90s, 5m, 1h or 7d");
  return *parsed;
}

int beat_attached(const Invocation& call, const Settings& settings, const JobState& state) {
  // Before it is told anything: other processes of this user can neither attach to it nor read its
  // memory, and it leaves no core file.
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return exit_internal;
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  tell_listener(true, "closed\n");
  std::string line;
  std::getline(std::cin, line);
  const auto words = nlohmann::json::parse(line, nullptr, false);
  if (!words.is_object()) return exit_usage;
  auto held = read_held(words, state);
  if (!held) return exit_usage;
  const bool listening = held->listening;
  // Of those that are started at once for one claim each would make the others' swaps stale.
  const LifeLock alone(state.folder() + "/beats-" +
                       sha256_hex(held->note.claim.claim_id).substr(0, 32));
  if (alone.is_held_elsewhere()) {
    tell_listener(true, "taken\n");
    return exit_done;
  }
  auto variables = call.environment.variables();
  variables["REFGATE_TOKEN"] = words.value("token", "");
  const Invocation own{call.command, call.arguments,
                       call.options, Environment(std::move(variables)),
                       call.out,     call.err};
  Beating beating(own, settings, state, *std::move(held));
  // Only now can it be asked.
  tell_listener(true, "ready\n");
  if (!listening) ::close(events_descriptor);
  return beating.run();
}

}  // namespace refgate
