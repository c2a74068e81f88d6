#include "job/session/run_each.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <deque>
#include <iostream>
#include <list>
#include <ostream>
#include <sstream>
#include <utility>
#include <variant>

#include "core/text/count.h"
#include "job/note/health_file.h"
#include "job/session/halting.h"
#include "os/file/regular_file.h"
#include "os/process/marked_processes.h"
#include "runner/runner.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr unsigned most_parallel = 256;
constexpr std::size_t most_items = 1'000'000;
constexpr std::size_t most_item_bytes = 64U << 20U;
/// Of an item's standard error, what is looked at: the end of it says why it failed.
constexpr std::size_t kept_errors = 64u << 10;

unsigned number_option(const Invocation& call, const char* name, unsigned fallback, unsigned least,
                       unsigned most) {
  const std::string text = call.option(name);
  if (text.empty()) return fallback;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw UsageError("--" + std::string(name) + " is \"" + text +
                     "\", but must be a whole number from " + std::to_string(least) + " to " +
                     std::to_string(most) + "; nothing was asked");
  return value;
}

[[noreturn]] void throw_too_long() {
  throw UsageError("the items are over 64 MiB long; nothing was asked");
}

std::string text_of(std::istream& source) {
  std::string text;
  std::vector<char> piece(1U << 16U);
  while (source.read(piece.data(), static_cast<std::streamsize>(piece.size())) ||
         source.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(source.gcount()));
    if (text.size() > most_item_bytes) throw_too_long();
  }
  if (source.bad()) throw UsageError("the items could not be read to their end; nothing was asked");
  return text;
}

std::string text_of(const std::string& path) {
  auto read = read_regular_file(path, most_item_bytes);
  if (const auto* unread = std::get_if<Unread>(&read))
    throw UsageError("the items in " + path + " cannot be read (" + unread->why +
                     "); nothing was asked");
  auto& text = std::get<FileText>(read);
  if (text.cut) throw_too_long();
  return std::move(text.bytes);
}

std::vector<std::string> items_of(const std::string& text) {
  std::istringstream source(text);
  std::vector<std::string> items;
  std::string line;
  while (std::getline(source, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    if (line.find('\0') != std::string::npos)
      throw UsageError(
          "an item holds a zero byte, which no command can be given; nothing was asked");
    if (items.size() == most_items)
      throw UsageError("there are over a million items; nothing was asked");
    items.push_back(line);
  }
  return items;
}

std::vector<std::string> words_for(const std::vector<std::string>& words, const std::string& item) {
  std::vector<std::string> result;
  bool used = false;
  for (std::string word : words) {
    for (std::size_t at = word.find("{}"); at != std::string::npos;
         at = word.find("{}", at + item.size())) {
      word.replace(at, 2, item);
      used = true;
    }
    result.push_back(std::move(word));
  }
  if (!used) result.push_back(item);
  return result;
}

struct Operation {
  ChildGroup child;
  int errors = -1;  ///< our end of its standard error; -1 when it is not watched
  std::string heard;
};

struct Counts {
  unsigned done = 0;
  unsigned failed = 0;
  unsigned cancelled = 0;
};

class Batch {
 public:
  Batch(const Invocation& call, LedSession& session, ChildGroup::Command command,
        Duration kill_after, const EachPlan& plan)
      : call_(call),
        session_(session),
        command_(std::move(command)),
        kill_after_(kill_after),
        plan_(plan),
        left_(plan.items.begin(), plan.items.end()) {
    command_.no_input = true;
    command_.foreground = false;
  }

  int run() {
    while (start_more(), !running_.empty()) {
      std::vector<int> files;
      for (const Operation& operation : running_)
        if (operation.errors >= 0) files.push_back(operation.errors);
      const News news = session_.wait(halting_.next_in(boot_now()), files);
      for (const int file : news.readable)
        listen(file);
      for (const int signal : news.signals)
        take(signal);
      if (news.lost && !halting_.begun())
        halting_.begin(Halting::for_loss(kill_after_), boot_now());
      halting_.advance(boot_now(), groups(), session_.mark());
      collect();
    }
    // What the operations left behind is waited for, as they were.
    while (halting_.begun() && !halting_.done() && any_marked(session_.mark())) {
      session_.wait(std::min(halting_.next_in(boot_now()), Duration(20ms)));
      halting_.advance(boot_now(), {}, session_.mark());
    }
    counts_.cancelled += static_cast<unsigned>(left_.size());
    if (session_.lost() && !left_.empty())
      session_.count_cascade(static_cast<unsigned>(left_.size()));
    return close();
  }

 private:
  std::vector<ChildGroup*> groups() {
    std::vector<ChildGroup*> all;
    for (Operation& operation : running_)
      all.push_back(&operation.child);
    return all;
  }

  /// No item starts without a look at the session's health, which costs no network.
  bool may_start() {
    if (halting_.begun()) return false;
    if (session_.may_go_on()) return true;
    halting_.begin(Halting::for_loss(kill_after_), boot_now());
    return false;
  }

  void start_more() {
    while (running_.size() < plan_.parallel && !left_.empty() && may_start()) {
      const std::string item = std::move(left_.front());
      left_.pop_front();
      ChildGroup::Command command = command_;
      command.arguments = words_for(command_.arguments, item);
      Operation& operation = running_.emplace_back();
      int ends[2] = {-1, -1};
      if (!plan_.session_error.empty() && ::pipe2(ends, O_CLOEXEC) == 0) {
        ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
        operation.errors = ends[0];
        command.errors = ends[1];
      }
      const bool started = operation.child.start(command);
      if (ends[1] >= 0) ::close(ends[1]);
      if (!started) {
        call_.err << "refgate: " << escape_for(Place::line, command.arguments.front())
                  << " could not be started (" << std::strerror(errno) << ")\n";
        if (operation.errors >= 0) ::close(operation.errors);
        running_.pop_back();
        ++counts_.failed;
      }
      any_started_ = any_started_ || started;
      session_.set_operations(static_cast<unsigned>(running_.size()));
    }
  }

  void take(int signal) {
    const bool cancel =
        signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
    if (!cancel || halting_.begun()) {
      for (const ChildGroup* group : groups())
        group->signal(signal);
      return;
    }
    cancelled_by_ = signal;
    halting_.begin(Halting::for_cancel(signal), boot_now());
  }

  void listen(int file) {
    const auto found =
        std::find_if(running_.begin(), running_.end(),
                     [&](const Operation& operation) { return operation.errors == file; });
    if (found == running_.end()) return;
    char words[8192];
    ssize_t length = 0;
    while ((length = ::read(file, words, sizeof words)) > 0) {
      call_.err.write(words, length);
      found->heard.append(words, static_cast<std::size_t>(length));
      if (found->heard.size() > 2 * kept_errors)
        found->heard.erase(0, found->heard.size() - kept_errors);
    }
    call_.err.flush();
    if (length == 0) {
      ::close(file);
      found->errors = -1;
    }
  }

  void collect() {
    for (auto at = running_.begin(); at != running_.end();) {
      if (!at->child.look()) {
        ++at;
        continue;
      }
      if (at->errors >= 0) listen(at->errors);
      if (at->errors >= 0) ::close(at->errors);
      count(*at->child.status(), at->heard);
      at = running_.erase(at);
      session_.set_operations(static_cast<unsigned>(running_.size()));
    }
  }

  void count(int status, const std::string& heard) {
    if (status == 0) {
      ++counts_.done;
      in_a_row_ = 0;
      return;
    }
    if (halting_.begun()) {
      ++counts_.cancelled;
      return;
    }
    ++counts_.failed;
    const bool named =
        status == session_failure_status ||
        std::any_of(plan_.session_error.begin(), plan_.session_error.end(),
                    [&](const auto& text) { return heard.find(text) != std::string::npos; });
    in_a_row_ = named ? in_a_row_ + 1 : 0;
    if (plan_.max_failures == 0 || in_a_row_ < plan_.max_failures) return;
    call_.err << "refgate: session death cascade: " << counted(in_a_row_, "operation")
              << " in a row failed for the session's sake; the rest is cancelled\n";
    halting_.begin(Halting::for_loss(kill_after_), boot_now());
  }

  int close() {
    const auto all = static_cast<unsigned>(plan_.items.size());
    const bool complete = counts_.done == all;
    const char* status = !any_started_                           ? "skipped"
                         : cancelled_by_ != 0 || session_.lost() ? "cancelled"
                         : complete                              ? "success"
                                                                 : "failure";
    call_.out << "Items: " << all << " in all, " << counts_.done << " done, " << counts_.failed
              << " failed, " << counts_.cancelled << " cancelled\n";
    write_outputs(call_.environment, {{"items", std::to_string(all)},
                                      {"items_done", std::to_string(counts_.done)},
                                      {"items_failed", std::to_string(counts_.failed)},
                                      {"items_cancelled", std::to_string(counts_.cancelled)}});
    const bool ended = session_.end({status, std::nullopt});
    if (cancelled_by_ != 0) return 128 + cancelled_by_;
    if (!complete) return exit_no;
    return ended ? exit_done : exit_store;
  }

  const Invocation& call_;
  LedSession& session_;
  ChildGroup::Command command_;
  Duration kill_after_;
  const EachPlan& plan_;
  std::deque<std::string> left_;
  std::list<Operation> running_;
  Halting halting_;
  Counts counts_;
  unsigned in_a_row_ = 0;
  int cancelled_by_ = 0;
  bool any_started_ = false;
};

}  // namespace

std::optional<EachPlan> each_plan(const Invocation& call) {
  const std::string source = call.option("each");
  if (source.empty() && call.flag("each"))
    throw UsageError("--each is empty: give a file, or - for standard input; nothing was asked");
  if (source.empty()) {
    for (const char* name : {"parallel", "max-failures", "session-error"})
      if (!call.option(name).empty())
        throw UsageError("--" + std::string(name) + " goes with --each; nothing was asked");
    return std::nullopt;
  }
  EachPlan plan;
  plan.parallel = number_option(call, "parallel", 1, 1, most_parallel);
  plan.max_failures = number_option(call, "max-failures", 0, 1, most_items);
  if (const auto given = call.options.find("session-error"); given != call.options.end())
    plan.session_error = given->second;
  plan.items = items_of(source == "-" ? text_of(std::cin) : text_of(source));
  return plan;
}

int run_each(const Invocation& call, LedSession& session, const ChildGroup::Command& command,
             Duration kill_after, const EachPlan& plan) {
  return Batch(call, session, command, kill_after, plan).run();
}

}  // namespace refgate
