#include "call/invocation.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>
#include <random>
#include <thread>
#include <variant>

#include "call/budget_setting.h"
#include "call/lease_room.h"
#include "core/text/url_secrets.h"
#include "core/words/brief.h"
#include "core/words/shorten.h"
#include "os/file/regular_file.h"
#include "os/trace.h"
#include "runner/given_away.h"
#include "runner/runner.h"

namespace refgate {
namespace {

/// Where a value was written: an option, a variable, or the action's input that its step made an
/// option or a variable of.
std::string place_of(const Invocation& call, const SettingRow& row, const std::string& value,
                     std::string place) {
  if (!call.environment.in_actions()) return place;
  const std::string variable =
      "INPUT" + environment_name(row.name).substr(std::string_view("REFGATE").size());
  const std::string input = call.environment.get(variable);
  const bool several = row.form == SettingForm::pairs;
  if (input.empty() || (several ? input.find(value) == std::string::npos : input != value))
    return place;
  return "the input " + std::string(row.name) + (several ? "s" : "");
}

/// "memory is …" → "--memory is …"
std::string said_of(const std::string& place, std::string_view name, const std::string& error) {
  if (error.starts_with(std::string(name) + " is ") || error.starts_with(std::string(name) + ": "))
    return place + error.substr(name.size());
  return place + ": " + error;
}

/// Words are stored in refs, for everybody who reads the repository, or shown. What a step starts,
/// and what its own command checks (the labels of a result), is not among them.
void refuse_tokens(const Invocation& call) {
  static constexpr std::array<std::string_view, 5> checked_elsewhere{"to", "not-secret", "title",
                                                                     "url", "meta"};
  const auto secrets = tokens_in_use(call.environment);
  const auto refuse = [](const std::string& place, const std::optional<std::string>& why) {
    if (why) throw UsageError(place + " holds " + *why + " and would be kept; nothing was done");
  };
  if (call.command != "run" && call.command != "deliver")
    for (const std::string& word : call.arguments)
      refuse("a word of the command", what_it_gives_away(word, secrets));
  // A text of a person's own: any secret that the environment names is one here.
  const auto free_text = call.options.contains("reason")
                             ? secrets_in(call.environment.variables(), {})
                             : std::vector<KnownSecret>();
  for (const auto& [name, values] : call.options) {
    if (std::find(checked_elsewhere.begin(), checked_elsewhere.end(), name) !=
        checked_elsewhere.end())
      continue;
    for (const std::string& value : values) {
      refuse("--" + name, what_it_gives_away(value, secrets));
      if (name == "reason") refuse("--" + name, what_it_gives_away(value, free_text));
    }
  }
}

void apply(const Invocation& call, Settings& settings, const SettingRow& row,
           const std::string& value, const std::string& written) {
  const std::string place = place_of(call, row, value, written);
  if (const auto why = what_it_gives_away(value, tokens_in_use(call.environment)))
    throw UsageError(place + " holds " + *why + "; nothing was asked");
  if (const auto error = apply_setting(settings, row.name, value))
    throw UsageError(said_of(place, row.name, *error));
  // Where the state is tells the store, once it is known that no password stands there.
  if (value.empty() || row.name == "remote") return;
  trace([&] {
    constexpr std::size_t shown = 200;
    return "setting " + std::string(row.name) + " = " +
           shortened(without_url_secrets(value), shown) + " (" + place + ")";
  });
}

/// Said and empty is a text that did not come through, such as an expression that found nothing:
/// everything that lacks it would be one piece of work, or another than its author meant.
void refuse_empty_identity(const Invocation& call, const std::string& variable) {
  // What ends or renews a session does so whatever it was called.
  if (call.command == "finish" || call.command == "heartbeat") return;
  const auto blank = [](const std::string& text) {
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
  };
  const std::string hint =
      " is empty; nothing was asked. Say what makes two events the same work, or leave it out";
  if (const auto given = call.options.find("identity"); given != call.options.end()) {
    if (std::any_of(given->second.begin(), given->second.end(), blank))
      throw UsageError("--identity" + hint);
    return;
  }
  const auto& variables = call.environment.variables();
  if (const auto set = variables.find(variable); set != variables.end() && blank(set->second))
    throw UsageError(variable + hint);
}

/// More than a configuration may have, which is told by who reads it.
constexpr std::size_t most_config_bytes = 1U << 20U;

std::string read_config(const Invocation& call, const std::string& path) {
  auto read = read_regular_file(path, most_config_bytes);
  if (const auto* unread = std::get_if<Unread>(&read))
    throw UsageError("the configuration " + path + " cannot be read (" + unread->why +
                     "); nothing was asked");
  std::string text = std::move(std::get<FileText>(read).bytes);
  if (const auto why = what_it_gives_away(text, tokens_in_use(call.environment)))
    throw UsageError("the configuration " + path + " holds " + *why + "; nothing was asked");
  return text;
}

/// Steps before `gate`, `check` and `run` are the workflow's own. Behind them any step may be
/// steered by the agent's code, which can set variables for later steps (GITHUB_ENV).
bool follows_the_work(const Invocation& call) {
  return call.environment.in_actions() && call.command != "gate" && call.command != "check" &&
         call.command != "run";
}

/// What says whose session is meant, or which piece of work: with a token in its hands, a step
/// behind the work takes it from its own options, and from the runner's own variables.
bool is_steered_by_options_alone(const Invocation& call, std::string_view setting) {
  static constexpr std::array<std::string_view, 7> commands{
      "finish", "heartbeat", "cleanup", "register", "audit", "result", "deliver"};
  static constexpr std::array<std::string_view, 12> settings{
      "namespace", "claim-id", "state-dir", "run-id",   "run-attempt", "job",
      "event",     "workflow", "sha",       "identity", "share",       "dimension"};
  return follows_the_work(call) &&
         std::find(commands.begin(), commands.end(), call.command) != commands.end() &&
         std::find(settings.begin(), settings.end(), setting) != settings.end();
}

/// What ends a session, or tells of some, goes by what was said when it began.
bool asks_to_launch(const Invocation& call) {
  return call.command == "gate" || call.command == "check" || call.command == "run" ||
         call.command == "explain";
}

/// What cannot both be meant, or could not be kept to.
std::optional<std::string> contradiction(const Invocation& call, const Policy& policy) {
  if (policy.settle > Duration::zero() && policy.no_wait)
    return "--settle waits until the branch is calm, and --no-wait for nothing";
  if (policy.wait > Duration::zero() && policy.no_wait)
    return "--wait stands by until it is this one's turn, and --no-wait for nothing";
  if (policy.heartbeat && call.command == "gate")
    if (auto error = lease_without_room(policy)) return error;
  const bool is_positional = call.command == "check";
  if (auto error =
          lease_within_skew(is_positional ? policy.session_window : policy.lease, policy.skew))
    return error;
  return missing_reserve(policy);
}

RemoteSource source_of_remote(const Invocation& call, const Settings& settings) {
  if (settings.remote.empty()) return RemoteSource::nobody;
  if (!call.option("remote").empty()) return RemoteSource::step;
  if (call.environment.get(environment_name("remote")).empty()) return RemoteSource::configuration;
  return follows_the_work(call) ? RemoteSource::variable : RemoteSource::step;
}

/// A text that is empty says nothing; a limit that is would be none, for want of a variable.
bool may_be_empty(const SettingRow& row) {
  static constexpr std::array<std::string_view, 4> limits{"budget", "breaker", "reserve", "slots"};
  const bool is_text = row.form == SettingForm::text || row.form == SettingForm::pairs ||
                       row.form == SettingForm::list;
  return is_text && std::find(limits.begin(), limits.end(), row.name) == limits.end();
}

}  // namespace

Settings settings_of(const Invocation& call) {
  Settings settings;
  refuse_tokens(call);
  std::string config = call.option("config");
  if (config.empty()) config = call.environment.get(environment_name("config"));
  if (!config.empty())
    if (const auto error = apply_config(settings, read_config(call, config), config))
      throw UsageError(*error);
  for (const SettingRow& row : setting_table()) {
    if (row.name == "config") continue;
    const std::string variable = environment_name(row.name);
    std::string from_environment = call.environment.get(variable);
    const auto given = call.options.find(std::string(row.name));
    if (row.name == "identity") refuse_empty_identity(call, variable);
    if (!from_environment.empty() && is_steered_by_options_alone(call, row.name)) {
      // What `run` tells its command, where it says no more than the runner does.
      const bool says_the_same =
          from_environment == call.environment.get("RUNNER_TEMP") + "/refgate";
      if (given == call.options.end() && !says_the_same)
        call.err << "refgate: the variable " << variable
                 << " is ignored in a step behind the work, "
                 << "since any step before it may have set it: give --" << row.name << "\n";
      from_environment.clear();
    }
    // A stronger source replaces a weaker one's pairs, it does not add to them.
    const bool said_here = !from_environment.empty() || given != call.options.end();
    if (row.form == SettingForm::pairs && said_here) settings.dimensions.clear();
    if (row.form == SettingForm::list && said_here) settings.policy.budgets.clear();
    if (given == call.options.end()) {
      apply(call, settings, row, from_environment, variable);
    } else {
      for (const std::string& value : given->second) {
        if (value.empty() && !may_be_empty(row))
          throw UsageError("--" + std::string(row.name) + " is empty");
        apply(call, settings, row, value, "--" + std::string(row.name));
      }
    }
  }
  if (asks_to_launch(call))
    if (const auto error = contradiction(call, settings.policy))
      throw UsageError(*error + "; nothing was asked");
  settings.remote_source = source_of_remote(call, settings);
  trace([] { return "settings: all others have their defaults; of several the last one counts"; });
  return settings;
}

std::unique_ptr<Store> store_of(const Invocation& call, const Settings& settings) {
  const auto deadline = std::chrono::steady_clock::now() + settings.policy.deadline;
  const Remote remote = resolve_remote(settings, call.environment);
  if (!remote.withheld.empty())
    call.err << "refgate: " << escape_for(Place::line, remote.withheld) << "\n";
  auto store = open_store(remote, settings.name_space);
  store->set_deadline(deadline);
  return store;
}

Instant now() { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }

std::string fresh_nonce() {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device device;
  std::string nonce;
  while (nonce.size() < 32) {
    std::uint32_t bits = device();
    for (int i = 0; i < 8; ++i, bits >>= 4)
      nonce += digits[bits & 15];
  }
  return nonce;
}

void pause(const Store& store, Duration longest) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const Duration span(std::uniform_int_distribution<Duration::rep>(0, longest.count())(random));
  const auto left =
      std::chrono::duration_cast<Duration>(store.deadline() - std::chrono::steady_clock::now());
  if (left > Duration::zero()) std::this_thread::sleep_for(std::min(span, left));
}

int report(std::ostream& err, const StoreError& error) {
  err << "refgate: " << escape_for(Place::line, brief(error.what())) << "\n";
  if (!error.hint().empty()) err << "  " << escape_for(Place::line, error.hint()) << "\n";
  return exit_store;
}

}  // namespace refgate
