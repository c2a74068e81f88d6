#include "results/time_limit.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "core/text/digest.h"

namespace refgate {
namespace {

using Clock = TimeLimit::Clock;

std::optional<Duration> span_option(const Invocation& call, const std::string& name) {
  if (!call.flag(name)) return std::nullopt;
  const auto span = parse_duration(call.option(name));
  if (!span || *span <= Duration::zero())
    throw UsageError("--" + name + " is \"" + call.option(name) +
                     "\", but must be a span of time such as 90s, 5m or 1h");
  return span;
}

Instant start_of(const Invocation& call, const std::optional<ClaimNote>& session) {
  if (const std::string since = call.option("since"); !since.empty()) {
    if (const auto span = parse_duration(since)) return now() - *span;
    if (const auto at = parse_rfc3339(since)) return *at;
    throw UsageError("--since is \"" + since +
                     "\", but must be a span (12m, so long ago) or a time (2026-11-22T02:20:40Z)");
  }
  return session ? session->claim.claimed_at : now();
}

}  // namespace

TimeLimit time_limit_of(const Invocation& call, const std::optional<ClaimNote>& session) {
  const auto limit = span_option(call, "limit");
  auto warn_at = span_option(call, "warn-at");
  TimeLimit result;
  result.on_warn = call.option("on-warn");
  if (warn_at && result.on_warn.empty())
    throw UsageError("--warn-at wants --on-warn: what to do then");
  if (!result.on_warn.empty() && !limit && !warn_at)
    throw UsageError("--on-warn wants --limit or --warn-at: when to do it");
  if (call.flag("since") && !limit && !warn_at)
    throw UsageError("--since wants --limit or --warn-at: what is counted from then");
  if (!result.on_warn.empty() && !warn_at) warn_at = *limit * 4 / 5;
  if (limit && warn_at && *warn_at >= *limit)
    throw UsageError("--warn-at must be less than --limit");
  const auto point = [elapsed = now() - start_of(call, session), at = Clock::now()](Duration span) {
    return at + (span - elapsed);
  };
  if (limit) result.ends = point(*limit);
  if (warn_at) result.warns = point(*warn_at);
  return result;
}

EarlyWarning::EarlyWarning(const TimeLimit& limit, Duration bound, std::function<bool()> first,
                           std::function<bool()> halt) {
  if (limit.on_warn.empty()) return;
  watcher_ = std::thread([this, limit, bound, first = std::move(first), halt = std::move(halt)] {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, limit.warns, [&] { return over_; });
      if (over_) return;
    }
    const auto at = Clock::now();
    if (at >= limit.ends || !first()) return;
    const auto left =
        limit.ends == Clock::time_point::max()
            ? std::string()
            : std::to_string(std::chrono::ceil<std::chrono::seconds>(limit.ends - at).count());
    Attempt attempt = run_shell(limit.on_warn, {{"REFGATE_SECONDS_LEFT", left}},
                                std::min(at + bound, limit.ends), halt);
    const std::unique_lock lock(mutex_);
    given_ = std::move(attempt);
  });
}

EarlyWarning::~EarlyWarning() { finish(); }

std::optional<Attempt> EarlyWarning::finish() {
  {
    const std::unique_lock lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  if (watcher_.joinable()) watcher_.join();
  return std::move(given_);
}

bool is_first_to_say(const std::string& what, const Invocation& call, const JobState& state,
                     const std::optional<ClaimNote>& session) {
  std::string who = session ? session->claim.claim_id : "";
  if (!session && state.belongs_to_job())
    who = call.environment.get("GITHUB_RUN_ID") + "/" + call.environment.get("GITHUB_RUN_ATTEMPT") +
          "/" + call.environment.get("GITHUB_JOB");
  if (who.empty()) return true;
  try {
    state.make_folder();
  } catch (const std::runtime_error&) {
    return true;
  }
  const std::string mark = state.folder() + "/" + what + "-" + sha256_hex(who).substr(0, 32);
  const int file = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return errno != EEXIST;
  ::close(file);
  return true;
}

}  // namespace refgate
