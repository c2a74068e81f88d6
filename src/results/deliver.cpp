// deliver: hands a result over by the first channel that takes it, and keeps it when none does.
//
// The order of the steps is what makes the promise "delivered, or retrievable": a result that no
// channel took is first written to a file of the job, then pushed, and the file is removed only
// when the push was acknowledged. Everything that can fail on the way is an outcome that is told,
// and none of it ends this process before the result is somewhere.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <optional>
#include <ostream>
#include <utility>

#include "call/commands.h"
#include "call/content.h"
#include "core/words/sentence.h"
#include "job/subject/job_session.h"
#include "os/file/checked_output.h"
#include "os/interruption.h"
#include "os/last_words.h"
#include "results/channel.h"
#include "results/result_input.h"
#include "results/result_store.h"
#include "results/time_limit.h"
#include "runner/runner.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// What would be lost otherwise may be larger than what is kept on request.
constexpr std::size_t longest_undelivered = 16u << 20;

/// GitHub gives a cancelled step 7.5 s, and then 2.5 s more.
constexpr Duration push_bound_when_interrupted = 6s;
/// A push that is on its way when the first signal comes.
constexpr auto moment_to_be_kept = 3s;

/// A limit that is over when this process starts does not cut off a result that is ready: it has so
/// long to come through the pipe.
constexpr Duration ready_content_bound = 5s;

struct Delivery {
  Invocation call;
  Settings settings;
  JobState state;
  std::optional<ClaimNote> session;
  std::vector<Channel> channels;
  TimeLimit limit;
  Duration channel_timeout = 60s;
  Result result;   ///< its record has the labels, and what became of the delivery
  std::string by;  ///< the channel that took it; empty: none
};

struct Kept {
  std::string retrieve;  ///< the command; empty when it is not in the store
  std::string file;      ///< the last resort; empty when it was not needed, or could not be written
  std::string why_not;   ///< why it is not in the store
};

void say(const Delivery& delivery, const std::string& text) {
  delivery.call.err << "refgate: " << escape_for(Place::line, text) << "\n";
}

/// A channel's time is up at its own bound, and at the session's.
Clock::time_point until(const Delivery& delivery) {
  return std::min(Clock::now() + delivery.channel_timeout, delivery.limit.ends);
}

Attempt attempt_by(const Delivery& delivery, const Channel& channel,
                   const std::function<bool()>& halt) {
  Attempt attempt = run_channel(channel, delivery.result.content, until(delivery), halt);
  print_output(delivery.call.err, channel.name, attempt.output);
  print_output(delivery.call.err, channel.name, attempt.errors);
  if (!attempt.delivered) say(delivery, channel.name + ": not delivered: " + attempt.outcome);
  return attempt;
}

void add_cause(ResultRecord& record, const std::string& cause) {
  record.cause += (record.cause.empty() ? "" : "; ") + cause;
}

/// Tries the channels in order; the session is asked before each, so that a session that is gone
/// costs no more than the one that noticed.
void try_channels(Delivery& delivery, const std::function<bool()>& halt) {
  ResultRecord& record = delivery.result.record;
  const auto stop = [&](ResultReason reason, const std::string& cause) {
    record.reason = reason;
    add_cause(record, cause);
  };
  for (const Channel& channel : delivery.channels) {
    if (halt()) return stop(ResultReason::interrupted, "this process was told to end");
    if (Clock::now() >= delivery.limit.ends)
      return stop(ResultReason::time_limit, "the time limit is over");
    if (const SessionNews news = session_news(delivery.call, delivery.settings, delivery.state);
        !news.alive)
      return stop(ResultReason::session_lost, news.text);
    ++record.depth;
    const Attempt attempt = attempt_by(delivery, channel, halt);
    if (attempt.delivered) {
      delivery.by = channel.name;
      return;
    }
    add_cause(record, channel.name + ": " + attempt.outcome);
  }
  if (halt()) return stop(ResultReason::interrupted, "this process was told to end");
  if (const SessionNews news = session_news(delivery.call, delivery.settings, delivery.state);
      !news.alive)
    return stop(ResultReason::session_lost, news.text);
  record.reason = ResultReason::channels_failed;
}

bool write_whole(const std::string& path, std::string_view bytes) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return false;
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::close(file) == 0 && bytes.empty()) return true;
  ::unlink(path.c_str());
  return false;
}

/// Empty when no folder takes it.
std::string write_locally(const Delivery& delivery) {
  try {
    delivery.state.make_folder();
  } catch (const std::runtime_error&) {
    // The next folder may do.
  }
  std::error_code error;
  const std::string name = "/undelivered-" + delivery.result.record.id;
  for (const std::string& folder :
       {delivery.state.folder(), std::filesystem::temp_directory_path(error).string(),
        std::string("/tmp")})
    if (!folder.empty() && write_whole(folder + name, delivery.result.content))
      return folder + name;
  return {};
}

/// That it cannot be read is no reason to lose the result.
std::optional<ClaimNote> claim_of_another_job(const Delivery& delivery, Store& store) {
  try {
    return claim_of_session(delivery.call, delivery.settings, delivery.state, store);
  } catch (const StoreError& error) {
    say(delivery, error.what());
    return std::nullopt;
  }
}

/// Never throws.
void keep_in_store(Delivery& delivery, Kept& kept, bool interrupted) {
  try {
    if (delivery.result.content.size() > longest_undelivered) {
      kept.why_not = "it is over 16 MiB";
      return;
    }
    if (const auto found = secret_in(delivery.call, delivery.result)) {
      kept.why_not = "it holds " + found->what;
      return;
    }
    const auto store = store_of(delivery.call, delivery.settings);
    if (interrupted)
      store->set_deadline(std::min(store->deadline(), Clock::now() + push_bound_when_interrupted));
    auto claim = delivery.session ? delivery.session
                 : interrupted    ? std::nullopt
                                  : claim_of_another_job(delivery, *store);
    if (claim && !may_act_on(delivery.call, delivery.settings, *claim)) claim.reset();
    const KeptResult done = keep_result(*store, delivery.settings.name_space, delivery.result,
                                        delivery.state, std::move(claim));
    kept.retrieve = retrieval(delivery.settings, delivery.result.record.id);
    if (!done.unlinked.empty())
      say(delivery, "the claim does not name the result: " + done.unlinked);
  } catch (const std::exception& error) {
    kept.why_not = error.what();
  }
}

/// Nothing that a server does not answer outlasts a signal for long: where the result lies by then
/// is said at once.
Kept keep(Delivery& delivery, std::optional<Interruption>& interruption) {
  delivery.result.record.status = ResultStatus::undelivered;
  complete(delivery.result, now(), delivery.call, delivery.settings, delivery.session);
  Kept kept;
  kept.file = write_locally(delivery);
  std::string words =
      "refgate: a signal came while the result was being kept, which may go on for " +
      format_duration(moment_to_be_kept) + ": " +
      escape_for(Place::line,
                 kept.file.empty() ? "no folder took a file of it" : "it lies in " + kept.file) +
      ", and whether the store has it is told by refgate result list\n";
  const bool interrupted = interruption->signal() != 0;
  interruption.reset();
  const LastWords last_words(std::move(words), moment_to_be_kept);
  keep_in_store(delivery, kept, interrupted);
  if (!kept.retrieve.empty() && !kept.file.empty()) {
    ::unlink(kept.file.c_str());
    kept.file.clear();
  }
  return kept;
}

/// False when the outputs could not be written: what became of the result is said, and counts.
bool tell_outputs(const Delivery& delivery, const Kept& kept) {
  const bool stored = !kept.retrieve.empty();
  const Outputs lines{{"delivered", delivery.by.empty() ? "false" : "true"},
                      {"delivered_by", delivery.by},
                      {"result_id", stored ? delivery.result.record.id : ""},
                      {"retrieve", kept.retrieve},
                      {"result_file", kept.file}};
  for (const auto& [name, value] : lines) {
    std::string big = name;
    std::transform(big.begin(), big.end(), big.begin(), [](char c) {
      return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    });
    delivery.call.out << big << "=" << escape_for(Place::line, value) << "\n";
  }
  try {
    write_outputs(delivery.call.environment, lines);
    return true;
  } catch (const OutputError& error) {
    say(delivery, error.what());
    return false;
  }
}

void tell_summary(const Delivery& delivery, const Kept& kept) {
  const auto row = [](std::string_view name, const std::string& value) {
    return "| " + std::string(name) + " | " + escape_for(Place::markdown, value) + " |\n";
  };
  const bool stored = !kept.retrieve.empty();
  append_summary(
      delivery.call.environment,
      std::string("\n| refgate | ") +
          (stored ? "📦 result kept, not delivered" : "⚠️ result neither delivered nor stored") +
          " |\n| --- | --- |\n" + row("Why", delivery.result.record.cause) +
          row(stored ? "Get it" : "It lies in", stored ? kept.retrieve : kept.file) + "\n");
}

int tell_kept(const Delivery& delivery, const Kept& kept) {
  const int done = tell_outputs(delivery, kept) ? exit_no : exit_store;
  tell_summary(delivery, kept);
  const std::string why = "not delivered (" + std::string(name_of(delivery.result.record.reason)) +
                          "): " + delivery.result.record.cause;
  if (!kept.retrieve.empty()) {
    say(delivery, why);
    say(delivery, "the result is kept: " + kept.retrieve);
    delivery.call.out << annotation(delivery.call.environment, "warning",
                                    "refgate: the result was not delivered",
                                    why + ". It is kept: " + kept.retrieve);
    return done;
  }
  say(delivery, why);
  say(delivery, "the result could not be kept in the store either: " + kept.why_not);
  say(delivery, kept.file.empty() ? "and no folder took a file; the result is lost"
                                  : "the result lies in " + kept.file);
  delivery.call.out << annotation(delivery.call.environment, "error",
                                  "refgate: the result was neither delivered nor stored",
                                  why + ". " + capitalised(kept.why_not) + ". It lies in " +
                                      (kept.file.empty() ? "no file either" : kept.file));
  return exit_store;
}

void tell_warning(const Delivery& delivery, EarlyWarning& warning) {
  const auto given = warning.finish();
  if (!given) return;
  print_output(delivery.call.err, "on-warn", given->output);
  print_output(delivery.call.err, "on-warn", given->errors);
  say(delivery, given->delivered ? "the time limit is near: on-warn was run"
                                 : "the time limit is near, and on-warn failed: " + given->outcome);
}

/// A progress update is worth nothing to a session that is gone, and no failure.
int progress(Delivery& delivery, const std::function<bool()>& halt) {
  const auto passed_over = [&](const std::string& why) {
    if (is_first_to_say("passed-over", delivery.call, delivery.state, delivery.session))
      say(delivery, "progress updates are passed over from here on: " + why);
    return tell_outputs(delivery, {}) ? exit_done : exit_store;
  };
  if (const SessionNews news = session_news(delivery.call, delivery.settings, delivery.state);
      !news.alive)
    return passed_over(news.text);
  if (Clock::now() >= delivery.limit.ends) return passed_over("the time limit is over");
  for (const Channel& channel : delivery.channels) {
    if (halt() || Clock::now() >= delivery.limit.ends) break;
    if (!attempt_by(delivery, channel, halt).delivered) continue;
    delivery.by = channel.name;
    break;
  }
  return tell_outputs(delivery, {}) ? exit_done : exit_store;
}

Duration channel_timeout_of(const Invocation& call) {
  if (!call.flag("channel-timeout")) return 60s;
  const auto span = parse_duration(call.option("channel-timeout"));
  if (!span || *span <= Duration::zero())
    throw UsageError("--channel-timeout is \"" + call.option("channel-timeout") +
                     "\", but must be a span of time such as 90s");
  return *span;
}

Delivery delivery_of(const Invocation& call) {
  Settings settings = settings_of(call);
  JobState state(settings, call.environment);
  std::optional<ClaimNote> session = session_note(call, settings, state);
  const TimeLimit limit = time_limit_of(call, session);
  return {call,
          std::move(settings),
          std::move(state),
          std::move(session),
          channels_of(call),
          limit,
          channel_timeout_of(call),
          {labelled_record(call), {}},
          {}};
}

}  // namespace

int command_deliver(const Invocation& call) {
  Delivery delivery = delivery_of(call);
  std::optional<Interruption> interruption(std::in_place);
  const auto halt = [&] { return interruption->signal() != 0; };
  const auto first = [&] {
    return is_first_to_say("warned", call, delivery.state, delivery.session);
  };
  EarlyWarning warning(delivery.limit, delivery.channel_timeout, first, halt);

  const auto read_until = std::max(delivery.limit.ends, Clock::now() + ready_content_bound);
  Content content = read_content(call.option("file", "-"), most_result_bytes, read_until, halt);
  delivery.result.content = std::move(content.bytes);
  if (delivery.result.content.empty())
    say(delivery, "the result is empty, and is handed over as it is");
  if (call.flag("progress")) {
    const int status = progress(delivery, halt);
    tell_warning(delivery, warning);
    return status;
  }
  if (content.end == ContentEnd::complete) {
    try_channels(delivery, halt);
  } else {
    delivery.result.record.partial = true;
    const bool over = content.end == ContentEnd::timed_out;
    delivery.result.record.reason = over ? ResultReason::time_limit
                                    : content.end == ContentEnd::halted
                                        ? ResultReason::interrupted
                                        : ResultReason::channels_failed;
    delivery.result.record.cause =
        over ? "the time limit was over before the result was complete"
        : content.end == ContentEnd::halted
            ? "this process was told to end before the result was complete"
            : "the result is over 64 MiB, and only so much of it was read";
  }
  tell_warning(delivery, warning);
  if (!delivery.by.empty()) {
    return tell_outputs(delivery, {}) ? exit_done : exit_store;
  }
  return tell_kept(delivery, keep(delivery, interruption));
}

}  // namespace refgate
