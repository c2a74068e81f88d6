#include "app/session.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ostream>

#include "app/ending.h"
#include "app/health_file.h"
#include "app/runner.h"
#include "app/subject.h"

namespace refgate {
namespace {

/// CLOCK_BOOTTIME, absolute: a machine that slept past it wakes up to it.
void arm(int timer, BootTime at) {
  itimerspec spec{};
  const Duration when = std::max<Duration>(at, Duration(1));
  spec.it_value.tv_sec = when.count() / 1000;
  spec.it_value.tv_nsec = (when.count() % 1000) * 1'000'000;
  ::timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace

LedSession::LedSession(const Invocation& call, Settings settings) : call_(call), settings_(std::move(settings)), state_(settings_, call.environment) {
  settings_.policy.heartbeat = false;
  settings_.policy.interval = beat_interval(settings_.policy);
  settings_.policy.lease = beat_lease(settings_.policy);
  settings_.policy.interval_given = settings_.policy.lease_given = true;
  Subject subject = subject_of(call_, settings_);
  answer_ = gate(call_, settings_, subject, TellAs::sentence);
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT}) sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  timer_ = ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
}

LedSession::~LedSession() {
  if (heartbeats_.id > 0) {
    ::kill(static_cast<pid_t>(heartbeats_.id), SIGKILL);
    ::waitpid(static_cast<pid_t>(heartbeats_.id), nullptr, 0);
  }
  for (const int file : {heartbeats_.events, signals_, timer_})
    if (file >= 0) ::close(file);
}

void LedSession::begin() {
  HeartbeatPlan plan;
  for (const ClaimNote& note : state_.notes())
    if (note.claim.claim_id == answer_.claim_id) plan.note = note;
  plan.lease = settings_.policy.lease;
  plan.interval = plan.first_after = beat_interval(settings_.policy);
  plan.while_process = ::getpid();
  if (const auto health = HealthFile(state_, answer_.claim_id).read()) arm(timer_, halts_at(*health));
  heartbeats_ = start_heartbeats(settings_, call_.environment, state_, plan, true);
}

News LedSession::wait(Duration at_most, const std::vector<int>& files) {
  std::vector<pollfd> polled{{signals_, POLLIN, 0}, {timer_, POLLIN, 0}, {heartbeats_.events, POLLIN, 0}};
  for (const int file : files) polled.push_back({file, POLLIN, 0});
  News news;
  const int found = ::poll(polled.data(), polled.size(), static_cast<int>(std::min<Duration::rep>(at_most.count(), 60'000)));
  if (found <= 0) return news;
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGCHLD) news.child = true;
    else news.signals.push_back(static_cast<int>(info.ssi_signo));
  }
  if (polled[2].revents != 0) {
    char words[256];
    const ssize_t length = ::read(heartbeats_.events, words, sizeof words);
    if (length <= 0) {
      // The process is gone, whatever became of it: what it knew is in the health record, and the timer stays.
      ::close(heartbeats_.events);
      heartbeats_.events = -1;
    }
  }
  if (polled[1].revents != 0) {
    std::uint64_t expirations = 0;
    if (::read(timer_, &expirations, sizeof expirations) < 0 && errno != EAGAIN) news.lost = true;
  }
  if ((polled[1].revents != 0 || polled[2].revents != 0) && has_claim() && !lost_) {
    const auto health = HealthFile(state_, answer_.claim_id).read();
    if (!health || answer(*health, boot_now()).halt) note_loss();
    else arm(timer_, halts_at(*health));
    news.lost = lost_;
  }
  for (std::size_t i = 3; i < polled.size(); ++i)
    if (polled[i].revents != 0) news.readable.push_back(polled[i].fd);
  return news;
}

void LedSession::note_loss() {
  lost_ = true;
  const auto noted = HealthFile(state_, answer_.claim_id).update([](Health& health) {
    if (!health.death) health = died(std::move(health), {now(), DeathCause::expired, answer(health, boot_now()).text});
    ++health.cascade;
  });
  call_.err << "refgate: session death cascade: " << escape_for(Place::line, cause()) << "; what runs is stopped, and what follows is counted\n"
            << annotation(call_.environment, "error", "refgate: session lost", cause());
  call_.err.flush();
}

std::string LedSession::cause() const {
  const auto health = HealthFile(state_, answer_.claim_id).read();
  if (!health) return "the session's health record is gone";
  return health->death ? health->death->text : answer(*health, boot_now()).text;
}

void LedSession::count_cascade(unsigned operations) {
  HealthFile(state_, answer_.claim_id).update([&](Health& health) { health.cascade += operations; });
}

void LedSession::set_operations(unsigned operations) {
  if (has_claim()) HealthFile(state_, answer_.claim_id).update([&](Health& health) { health.operations = operations; });
}

bool LedSession::end(const std::string& job_status) {
  if (!has_claim()) return true;
  if (heartbeats_.id > 0) {
    ::kill(static_cast<pid_t>(heartbeats_.id), SIGKILL);
    ::waitpid(static_cast<pid_t>(heartbeats_.id), nullptr, 0);
    heartbeats_.id = 0;
  }
  try {
    const auto store = store_of(call_, settings_);
    for (const ClaimNote& note : state_.notes()) {
      if (note.claim.claim_id != answer_.claim_id || note.claim.state == ClaimState::ended) continue;
      const Ended ended = end_session(*store, state_, note, parse_job_status(job_status).value_or(ClaimOutcome::failure), job_status);
      call_.err << "refgate: " << escape_for(Place::line, describe_end(ended, note.claim.session_key)) << "\n";
    }
    return true;
  } catch (const StoreError& error) {
    report(call_.err, error);
    call_.err << "refgate: the session was not ended; its claim passes when its lease does\n";
    return false;
  }
}

}  // namespace refgate
