#include "job/session/session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ostream>

#include "core/text/digest.h"
#include "job/end/broken_promises.h"
#include "job/end/ending.h"
#include "job/end/observing.h"
#include "job/end/session_cost.h"
#include "job/note/health_file.h"
#include "job/subject/subject.h"
#include "job/verdict/verdict.h"
#include "runner/runner.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_cancelled_end = 3s;

/// CLOCK_BOOTTIME, absolute: a machine that slept past it wakes up to it.
void arm(int timer, BootTime at) {
  itimerspec spec{};
  const Duration when = std::max<Duration>(at, Duration(1));
  spec.it_value.tv_sec = when.count() / 1000;
  spec.it_value.tv_nsec = (when.count() % 1000) * 1'000'000;
  ::timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace

template <typename Change>
void LedSession::note(Change change) {
  try {
    HealthFile(state_, answer_.claim_id).update(change);
  } catch (const std::runtime_error&) {
    // The record tells others; what is to be done here does not wait for it.
  }
}

LedSession::LedSession(const Invocation& call, Settings settings)
    : call_(call),
      settings_(std::move(settings)),
      state_(settings_, call.environment),
      mark_(fresh_nonce()) {
  settings_.policy.heartbeat = false;
  settings_.policy.interval = beat_interval(settings_.policy);
  settings_.policy.lease = beat_lease(settings_.policy);
  settings_.policy.interval_given = settings_.policy.lease_given = true;
  sigset_t set;
  sigemptyset(&set);
  for (const int number :
       {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT}) {
    struct sigaction action {};
    ::sigaction(number, nullptr, &action);
    // Who had it ignored (nohup, a shell's background job) wants it so.
    if (action.sa_handler != SIG_IGN) sigaddset(&set, number);
  }
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  timer_ = ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);

  Subject subject = subject_of(call_, settings_);
  if (!lead(subject)) return;
  answer_ = gate(call_, settings_, subject, TellAs::sentence);
  nonce_ = subject.request.nonce;
  begun_before_ = answer_.code == ReasonCode::own;
  cancelled_by_ = answer_.interrupted_by;
  for (const int number : wait(Duration::zero()).signals)
    if (number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT)
      cancelled_by_ = number;
}

/// Two that lead one session of a job would both launch, each taking the claim for its own.
bool LedSession::lead(const Subject& subject) {
  state_.make_folder("nothing was claimed");
  const std::string path = state_.folder() + "/lead-" + sha256_hex(subject.ref).substr(0, 32);
  leading_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (leading_ >= 0 && ::flock(leading_, LOCK_EX | LOCK_NB) == 0) return true;
  const Decision skip = skip_for(
      subject.request, now(), ReasonCode::active_session,
      "Another `refgate run` of this job leads this session, or its state folder cannot be used");
  const bool observing = settings_.policy.observe;
  Told told = told_of(observing ? observed(skip) : skip, subject.request, std::nullopt);
  told.observing = told.would_skip = observing;
  told.as = TellAs::sentence;
  told.red = settings_.policy.follow && told.verdict == Verdict::skip;
  tell(call_, told);
  if (told.red) answer_.exit = exit_no;
  answer_.verdict = told.verdict;
  answer_.code = skip.code;
  return false;
}

LedSession::~LedSession() {
  if (heartbeats_.id > 0) {
    ::kill(static_cast<pid_t>(heartbeats_.id), SIGKILL);
    ::waitpid(static_cast<pid_t>(heartbeats_.id), nullptr, 0);
  }
  for (const int file : {heartbeats_.events, signals_, timer_, leading_})
    if (file >= 0) ::close(file);
}

void LedSession::begin() {
  HeartbeatPlan plan;
  for (const ClaimNote& each : state_.notes())
    if (each.claim.claim_id == answer_.claim_id) plan.note = each;
  note_ = plan.note;
  plan.lease = settings_.policy.lease;
  plan.interval = plan.first_after = settings_.policy.interval;
  plan.while_process = ::getpid();
  plan.cancels_run = settings_.policy.on_lost == OnLost::cancel;
  plan.mark = mark_;
  const auto health = HealthFile(state_, answer_.claim_id).read();
  if (health && !settings_.policy.observe) arm(timer_, halts_at(*health));
  // Those that the gate of this job has started are enough.
  if (begun_before_ && health && beats_already(*health)) return;
  heartbeats_ = start_heartbeats(settings_, call_.environment, state_, plan, true);
}

bool LedSession::may_go_on() {
  if (!has_claim() || settings_.policy.observe) return true;
  if (!lost_) {
    const auto health = HealthFile(state_, answer_.claim_id).read();
    if (!health || answer(*health, boot_now()).halt) note_loss();
  }
  return !lost_;
}

News LedSession::wait(Duration at_most, const std::vector<int>& files) {
  std::vector<pollfd> polled{
      {signals_, POLLIN, 0}, {timer_, POLLIN, 0}, {heartbeats_.events, POLLIN, 0}};
  for (const int file : files)
    polled.push_back({file, POLLIN, 0});
  News news;
  const int found = ::poll(polled.data(), polled.size(),
                           static_cast<int>(std::min<Duration::rep>(at_most.count(), 60'000)));
  if (found <= 0) return news;
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGCHLD)
      news.child = true;
    else
      news.signals.push_back(static_cast<int>(info.ssi_signo));
  }
  if (polled[2].revents != 0) {
    char words[256];
    const ssize_t length = ::read(heartbeats_.events, words, sizeof words);
    if (length <= 0) {
      // The process is gone, whatever became of it: what it knew is in the health record, and the
      // timer stays.
      ::close(heartbeats_.events);
      heartbeats_.events = -1;
    }
  }
  if (polled[1].revents != 0) {
    std::uint64_t expirations = 0;
    if (::read(timer_, &expirations, sizeof expirations) < 0 && errno != EAGAIN) news.lost = true;
  }
  const bool may_be_lost = has_claim() && !settings_.policy.observe && !lost_;
  if ((polled[1].revents != 0 || polled[2].revents != 0) && may_be_lost) {
    const auto health = HealthFile(state_, answer_.claim_id).read();
    if (!health || answer(*health, boot_now()).halt)
      note_loss();
    else
      arm(timer_, halts_at(*health));
    news.lost = lost_;
  }
  for (std::size_t i = 3; i < polled.size(); ++i)
    if (polled[i].revents != 0) news.readable.push_back(polled[i].fd);
  return news;
}

void LedSession::note_loss() {
  lost_ = true;
  note([](Health& health) {
    if (!health.death)
      health =
          died(std::move(health), {now(), DeathCause::expired, answer(health, boot_now()).text});
    ++health.cascade;
  });
  call_.err << "refgate: session death cascade: " << escape_for(Place::line, cause())
            << "; what runs is stopped, and what follows is counted\n"
            << annotation(call_.environment, "error", "refgate: session lost", cause());
  call_.err.flush();
}

std::string LedSession::cause() const {
  const auto health = HealthFile(state_, answer_.claim_id).read();
  if (!health) return "the session's health record is gone";
  return health->death ? health->death->text : answer(*health, boot_now()).text;
}

void LedSession::count_cascade(unsigned operations) {
  note([&](Health& health) { health.cascade += operations; });
}

void LedSession::set_operations(unsigned operations) {
  if (has_claim()) note([&](Health& health) { health.operations = operations; });
}

bool LedSession::end(const WorkEnd& work) {
  if (begun_before_) return true;
  return end_note(work, false);
}

bool LedSession::give_back() {
  return begun_before_ || end_note({"cancelled", std::nullopt}, true);
}

bool LedSession::end_note(const WorkEnd& work, bool never_started) {
  if (heartbeats_.id > 0) {
    ::kill(static_cast<pid_t>(heartbeats_.id), SIGKILL);
    ::waitpid(static_cast<pid_t>(heartbeats_.id), nullptr, 0);
    heartbeats_.id = 0;
  }
  try {
    if (!never_started && work.status != "skipped") settings_.spent = spent_of(call_, settings_);
    std::optional<ClaimNote> own;
    for (ClaimNote& each : state_.notes())
      if (each.claim.claim_id == (has_claim() ? answer_.claim_id : nonce_)) own = std::move(each);
    if (!own && note_) {
      own = note_;
      own->version.reset();
    }
    if (answer_.would_skip && !never_started)
      end_observations(call_, settings_, state_, work.status, call_.err);
    if (!own || own->is_over()) return true;
    if (!never_started) own->take(PhaseStep::told);
    const auto store = store_of(call_, settings_);
    // A cancelled step has seconds to live.
    if (work.status == "cancelled")
      store->set_deadline(
          std::min(store->deadline(), std::chrono::steady_clock::now() + longest_cancelled_end));
    Ended ended = never_started ? give_back_session(call_, settings_, *store, *own)
                                : end_session(call_, settings_, *store, *own, work);
    call_.err << "refgate: " << escape_for(Place::line, describe_end(ended, own->claim.session_key))
              << "\n";
    if (ended.left_out > 0) call_.err << "refgate: " << describe_left_out(ended.left_out) << "\n";
    if (!lost_) {
      tell_end(call_, ended, own->claim.session_key, call_.err);
    } else {
      // Who led the session has told of its loss by itself, but for the job summary.
      const std::string loss = describe_loss(ended);
      summarize_loss(call_, loss.empty() ? "was lost: " + cause() : loss, own->claim.session_key);
    }
    tell_broken_promises(call_, describe_broken_promises(settings_, *store, *own, ended),
                         call_.err);
    return true;
  } catch (const StoreError& error) {
    report(call_.err, error);
    if (!has_claim()) {
      call_.err << "refgate: it ran without a claim, and what came of it is not in the record\n";
      return true;
    }
    for (const ClaimNote& each : state_.notes())
      if (each.claim.claim_id == answer_.claim_id)
        call_.err << "refgate: "
                  << escape_for(Place::line, describe_left_live(each, self_of(call_, settings_),
                                                                error.may_be_done()))
                  << "\n";
  } catch (const std::exception& error) {
    call_.err << "refgate: the end of the session could not be noted: "
              << escape_for(Place::line, error.what()) << "\n";
  }
  return false;
}

}  // namespace refgate
