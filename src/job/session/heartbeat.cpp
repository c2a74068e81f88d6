// heartbeat: renews the lease of the job's session, once or over the whole job.

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <iostream>
#include <random>
#include <thread>

#include "call/commands.h"
#include "core/text/json.h"
#include "core/text/shorten.h"
#include "job/gate/own_claims.h"
#include "job/note/health_file.h"
#include "job/note/heartbeat_process.h"
#include "job/note/renewal.h"
#include "os/marked_processes.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/fold_record.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr int events_descriptor = 3;
constexpr Duration grace_of_orphans = 1s;
constexpr std::size_t swept_at_once = 20;
constexpr Duration tidying_bound = 5s;

Duration duration_option(const Invocation& call, const std::string& name, Duration fallback) {
  const std::string value = call.option(name);
  if (value.empty()) return fallback;
  const auto parsed = parse_duration(value);
  if (!parsed)
    throw UsageError("--" + name + " is \"" + value +
                     "\", but must be a span of time such as 90s, 5m, 1h or 7d");
  return *parsed;
}

std::optional<unsigned> parse_attempt(const std::string& text) {
  unsigned attempt = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), attempt);
  if (error != std::errc() || end != text.data() + text.size() || attempt == 0) return std::nullopt;
  return attempt;
}

/// Of a process; throws UsageError for anything but a positive number.
long process_option(const std::string& text) {
  long id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 1)
    throw UsageError("--while-pid is \"" + text +
                     "\", but must be the number of a process; nothing was started");
  return id;
}

/// The one session that is meant: by `--claim-id`, or the job's only live one.
ClaimNote note_to_renew(const Settings& settings, const JobState& state,
                        const Environment& environment, const std::string& remote) {
  std::vector<ClaimNote> notes = notes_of_job(settings, state, environment, remote);
  std::erase_if(notes, [](const ClaimNote& note) { return note.claim.state == ClaimState::ended; });
  if (notes.empty())
    throw UsageError(
        "this job holds no live claim (it was told to skip, its session has ended, or no gate ran "
        "in it); nothing was renewed");
  if (notes.size() > 1)
    throw UsageError("this job holds " + std::to_string(notes.size()) +
                     " live claims: say which one with --claim-id; nothing was renewed");
  return notes.front();
}

/// Who renews a session is its holder from then on: the run that made its claim may end before it.
void become_holder(const Invocation& call, const Settings& settings, Store& store,
                   ClaimNote& note) {
  const Self self = self_of(call, settings);
  if (!self.in_actions || self.run_id.empty() || note.claim.holder.run_id == self.run_id) return;
  const auto hand_over = [&](const Claim& claim) {
    Claim next = claim;
    const Environment& environment = call.environment;
    next.holder.run_id = self.run_id;
    next.holder.run_attempt = 1;
    if (const auto attempt = parse_attempt(self.run_attempt)) next.holder.run_attempt = *attempt;
    next.holder.job = self.job;
    next.holder.job_index = self.job_index;
    next.holder.run_url =
        shortened(environment.get("GITHUB_SERVER_URL") + "/" +
                      environment.get("GITHUB_REPOSITORY") + "/actions/runs/" + self.run_id,
                  bounds::address);
    next.holder.actor = shortened(environment.get("GITHUB_ACTOR"), bounds::word);
    return next;
  };
  const Ended moved = update_claim(
      store, {note.ref, note.claim.claim_id, note.name_space, {note.claim, note.version}},
      hand_over, Publish::what_stood);
  if (moved.result != Ended::Result::ended)
    throw UsageError("the claim that --claim-id gives ended meanwhile; nothing was renewed");
  note.claim = moved.claim;
  note.version = moved.version;
}

/// A claim that another job made is known by its id alone: its ref is looked for, and from then on
/// this job has a note of it.
ClaimNote adopt(const Invocation& call, const Settings& settings, const JobState& state,
                Store& store) {
  const std::string ref = find_claim(call, settings, store);
  const SeenClaim seen = ref.empty() ? SeenClaim{} : read_claim(store, ref);
  if (!seen.claim || seen.claim->claim_id != settings.claim_id ||
      seen.claim->state == ClaimState::ended)
    throw UsageError("no live claim has the id that --claim-id gives; nothing was renewed");
  ClaimNote note;
  note.ref = ref;
  note.name_space = settings.name_space;
  note.remote = store.describe();
  note.runner_job = state.runner_job();
  note.claim = *seen.claim;
  note.version = seen.version;
  become_holder(call, settings, store, note);
  state.save(note);
  return note;
}

ClaimNote found_note(const Invocation& call, const Settings& settings, const JobState& state,
                     Store& store) {
  if (!settings.claim_id.empty() &&
      notes_of_job(settings, state, call.environment, store.describe()).empty())
    return adopt(call, settings, state, store);
  return note_to_renew(settings, state, call.environment, store.describe());
}

void require_own(const Invocation& call, const Settings& settings, ClaimNote& note) {
  if (const auto why = disproven(note, settings, self_of(call, settings)))
    throw StoreError(StoreFailure::denied, *why + "; nothing was renewed");
}

void ensure_health(const JobState& state, const ClaimNote& note) {
  const HealthFile file(state, note.claim.claim_id);
  if (file.read()) return;
  // When its push was sent is not known here; what is known is how long ago the claim says it was.
  const Duration ago = std::max(Duration::zero(), now() - note.claim.renewed_at);
  file.write(
      health_of(note.claim, note.ref, state.runner_job(), boot_now() - std::min(ago, boot_now())));
}

int once(const Invocation& call, const Settings& settings, const JobState& state) {
  const auto store = store_of(call, settings);
  ClaimNote note = found_note(call, settings, state, *store);
  require_own(call, settings, note);
  const Duration lease =
      settings.policy.lease_given ? settings.policy.lease : note.claim.limits.lease;
  ensure_health(state, note);
  std::set<std::string> published;
  switch (renew_lease(*store, state, note, lease, published)) {
    case Beat::renewed:
      call.out << "Lease renewed: " << escape_for(Place::line, note.claim.session_key)
               << " holds until " << format_rfc3339(note.claim.lease_until) << "\n";
      return exit_done;
    case Beat::ended:
      call.out << "Session had ended: " << escape_for(Place::line, note.claim.session_key)
               << "; nothing was renewed\n";
      return exit_no;
    case Beat::lost:
      break;
  }
  const auto health = HealthFile(state, note.claim.claim_id).read();
  call.err << "refgate: session death: "
           << escape_for(Place::line,
                         health && health->death ? health->death->text : "the session is lost")
           << "\n";
  return exit_no;
}

int background(const Invocation& call, const Settings& settings, const JobState& state) {
  const auto store = store_of(call, settings);
  HeartbeatPlan plan;
  plan.note = found_note(call, settings, state, *store);
  require_own(call, settings, plan.note);
  Policy policy = settings.policy;
  policy.skew = plan.note.claim.limits.skew;
  require_room_for_heartbeats(policy);
  plan.lease = beat_lease(policy);
  plan.interval = beat_interval(policy);
  plan.first_after = duration_option(call, "first-after", Duration::zero());
  if (const std::string id = call.option("while-pid"); !id.empty())
    plan.while_process = process_option(id);
  ensure_health(state, plan.note);
  const auto health = HealthFile(state, plan.note.claim.claim_id).read();
  if (health && beats_already(*health)) {
    call.out << "Heartbeats run already: process " << health->heartbeat_process << " renews "
             << escape_for(Place::line, plan.note.claim.session_key) << "\n";
    return exit_done;
  }
  const HeartbeatProcess process = start_heartbeats(settings, call.environment, state, plan, false);
  call.out << "Heartbeats started: process " << process.id << " renews "
           << escape_for(Place::line, plan.note.claim.session_key) << " every "
           << format_duration(plan.interval) << " for " << format_duration(plan.lease) << "\n";
  return exit_done;
}

// ---- the attached process
// ----------------------------------------------------------------------------------------------------------------------

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

void tell_listener(bool listening, const char* line) {
  if (!listening) return;
  // Nobody reads any more: no reason to stop.
  if (::write(events_descriptor, line, std::char_traits<char>::length(line)) < 0) return;
}

/// Until `until` on the clock that counts sleep, or until something happened that ends the
/// heartbeats or is worth a look.
enum class Woken { time, job_gone, told_to_stop, state_changed };

class Waiting {
 public:
  Waiting(long process, const std::string& folder)
      : process_(process > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, process, 0)) : -1),
        job_is_gone_(process > 0 && process_.get() < 0 && errno == ESRCH),
        folder_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
        signals_(block_signals()) {
    if (folder_.get() >= 0)
      ::inotify_add_watch(folder_.get(), folder.c_str(), IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF);
  }

  Woken until(BootTime at) {
    if (job_is_gone_) return Woken::job_gone;
    for (;;) {
      const Duration left = at - boot_now();
      if (left <= Duration::zero()) return Woken::time;
      // Poll's own clock may stand still while the machine sleeps; a look a minute is cheap.
      const int wait = static_cast<int>(std::min<Duration>(left + 1ms, 60s).count());
      pollfd files[3] = {
          {process_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}, {folder_.get(), POLLIN, 0}};
      const int found = ::poll(files, 3, wait);
      if (found <= 0) continue;
      if (files[0].revents != 0) return Woken::job_gone;
      if (files[1].revents != 0) return Woken::told_to_stop;
      if (files[2].revents != 0) {
        char buffer[4096];
        while (::read(folder_.get(), buffer, sizeof buffer) > 0)
          continue;
        return Woken::state_changed;
      }
    }
  }

 private:
  static int block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
      sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }

  Descriptor process_;
  bool job_is_gone_ = false;
  Descriptor folder_;
  Descriptor signals_;
};

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

int beat_on(const Invocation& call, const Settings& settings, const JobState& state,
            const std::string& claim_id, bool listening, const std::string& mark) {
  std::set<std::string> published;
  const HealthFile file(state, claim_id);
  Waiting waiting(std::strtol(call.option("while-pid", "0").c_str(), nullptr, 10), state.folder());
  const Duration interval = settings.policy.interval;
  file.update([&](Health& health) {
    health.interval = interval;
    health.heartbeat_process = ::getpid();
  });
  const auto own_note = [&]() -> std::optional<ClaimNote> {
    for (ClaimNote& note : state.notes())
      if (note.claim.claim_id == claim_id && note.claim.state != ClaimState::ended)
        return std::move(note);
    return std::nullopt;
  };
  // Read once, before the work can have changed it: from here on the file says no more than that
  // the session has not ended.
  const std::optional<ClaimNote> first = own_note();
  if (!first) return exit_done;
  ClaimNote note = *first;
  BootTime next = boot_now() + duration_option(call, "first-after", Duration::zero());
  bool tidied = false;
  for (;;) {
    switch (waiting.until(next)) {
      case Woken::job_gone:
        stop_orphans(mark);
        return exit_done;
      case Woken::told_to_stop:
        return exit_done;
      case Woken::state_changed:
        if (!own_note()) return exit_done;
        continue;
      case Woken::time:
        break;
    }
    const auto health = file.read();
    if (!own_note() || !health || health->ended) return exit_done;
    const Duration left = halts_at(*health) - boot_now();
    if (left <= Duration::zero() || health->death) {
      file.update([&](Health& record) {
        record =
            died(std::move(record), {now(), DeathCause::expired, answer(record, boot_now()).text});
      });
      tell_listener(listening, "lost\n");
      return exit_no;
    }
    try {
      const auto store = store_of(call, settings);
      store->set_deadline(std::min(store->deadline(), std::chrono::steady_clock::now() + left));
      switch (renew_lease(*store, state, note, settings.policy.lease, published)) {
        case Beat::renewed:
          tell_listener(listening, "renewed\n");
          if (!tidied) tidy(*store, settings);
          tidied = true;
          next = boot_now() + with_jitter(interval);
          continue;
        case Beat::ended:
          tell_listener(listening, "ended\n");
          return exit_done;
        case Beat::lost:
          tell_listener(listening, "lost\n");
          return exit_no;
      }
    } catch (const std::exception&) {
      // The record has it, unless the disk is what failed. A try that failed may be made again
      // before the next interval, but not so often that it becomes a burden.
      tell_listener(listening, "failed\n");
      next = boot_now() + with_jitter(std::clamp<Duration>(interval / 4, 500ms, 30s));
    }
  }
}

int attached(const Invocation& call, const Settings& settings, const JobState& state) {
  // Before it is told anything: other processes of this user can neither attach to it nor read its
  // memory, and it leaves no core file.
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return exit_internal;
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  tell_listener(true, "closed\n");
  std::string line;
  std::getline(std::cin, line);
  const auto words = nlohmann::json::parse(line, nullptr, false);
  if (!words.is_object() || !words.contains("claim_id")) return exit_usage;
  const std::string claim_id = words.value("claim_id", "");
  const bool listening = words.value("listen", false);
  auto variables = call.environment.variables();
  variables["REFGATE_TOKEN"] = words.value("token", "");
  const Invocation own{call.command, call.arguments,
                       call.options, Environment(std::move(variables)),
                       call.out,     call.err};
  tell_listener(true, "ready\n");
  if (!listening) ::close(events_descriptor);
  return beat_on(own, settings, state, claim_id, listening, words.value("mark", ""));
}

}  // namespace

int command_heartbeat(const Invocation& call) {
  const Settings settings = settings_of(call);
  const JobState state(settings, call.environment);
  if (call.flag("attached")) return attached(call, settings, state);
  return call.flag("background") ? background(call, settings, state) : once(call, settings, state);
}

}  // namespace refgate
