#include "call/invocation.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>
#include <random>
#include <thread>
#include <variant>

#include "call/contradiction.h"
#include "core/policy/budget_setting.h"
#include "core/secrets/url_secrets.h"
#include "core/text/blank.h"
#include "core/text/truth.h"
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
  const std::string input = call.environment.get(input_name(row.name));
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
  const auto refuse = [](const std::string& place, const std::optional<GivenAway>& why) {
    if (why)
      throw UsageError(place + " holds " + why->what + " and would be kept; nothing was done");
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
    throw UsageError(place + " holds " + why->what + "; nothing was asked");
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

/// What ends or renews a session, or brings out what came of it, does so whatever its work was
/// called.
bool goes_on_whatever_was_said(const Invocation& call) {
  static constexpr std::array<std::string_view, 6> commands{"finish", "heartbeat", "deliver",
                                                            "result", "audit",     "cleanup"};
  return std::find(commands.begin(), commands.end(), call.command) != commands.end();
}

/// What keeps a session from living on looks for it by the job's own files where nobody says where.
bool ends_or_renews(const Invocation& call) {
  return call.command == "finish" || call.command == "heartbeat";
}

/// Those that an expression may find nothing for: a duplicate's gate has no claim, and an agent
/// that failed tells no cost.
bool may_be_empty(const Invocation& call, const SettingRow& row) {
  static constexpr std::array<std::string_view, 4> told_by_others{"claim-id", "cost", "tokens",
                                                                  "usage"};
  static constexpr std::array<std::string_view, 4> limits{"budget", "breaker", "reserve", "slots"};
  static constexpr std::array<std::string_view, 3> places{"remote", "namespace", "config"};
  const auto is_among = [&](const auto& names) {
    return std::find(names.begin(), names.end(), row.name) != names.end();
  };
  const bool is_text = row.form == SettingForm::text || row.form == SettingForm::pairs ||
                       row.form == SettingForm::list;
  return is_among(told_by_others) ||
         (goes_on_whatever_was_said(call) && is_text && !is_among(limits) &&
          (ends_or_renews(call) || !is_among(places)));
}

/// Said and empty is a text that did not come through, such as a variable that nobody has set: what
/// is named by it would be all, or another than its author meant. A variable that is empty is one
/// that is not set, as the action's inputs are; but the identity, whose input says when it is not.
void refuse_empty(const Invocation& call, const SettingRow& row) {
  if (may_be_empty(call, row)) return;
  const std::string variable = environment_name(row.name);
  const bool is_identity = row.name == "identity";
  const std::string hint =
      is_identity ? " is empty; nothing was asked. Say what makes two events the same work, or "
                    "leave it out"
                  : " is empty; give it a value, or leave it out; nothing was asked";
  const auto given = call.options.find(std::string(row.name));
  if (given != call.options.end()) {
    if (std::any_of(given->second.begin(), given->second.end(), is_blank))
      throw UsageError("--" + std::string(row.name) + hint);
    return;
  }
  const auto& variables = call.environment.variables();
  const auto set = variables.find(variable);
  if (is_identity && !goes_on_whatever_was_said(call) && set != variables.end() &&
      is_blank(set->second))
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
    throw UsageError("the configuration " + path + " holds " + why->what + "; nothing was asked");
  return text;
}

/// Steps before `gate`, `check` and `run` are the workflow's own. Behind them any step may be
/// steered by the agent's code, which can set variables for later steps (GITHUB_ENV).
bool follows_the_work(const Invocation& call) {
  return call.environment.in_actions() && call.command != "gate" && call.command != "check" &&
         call.command != "run";
}

/// What says whose session is meant, which piece of work, for how long it is held, and what becomes
/// of an error: with a token in its hands, a step behind the work takes it from its own options,
/// and from the runner's own variables. (What a session cost is the work's own word in any case.)
bool is_steered_by_options_alone(const Invocation& call, std::string_view setting) {
  static constexpr std::array<std::string_view, 11> commands{
      "finish",  "heartbeat", "cleanup", "register", "audit", "result",
      "deliver", "release",   "gc",      "pause",    "resume"};
  static constexpr std::array<std::string_view, 26> settings{
      "config",        "namespace",   "claim-id", "state-dir", "run-id",
      "run-attempt",   "job",         "event",    "workflow",  "sha",
      "identity",      "identity-by", "share",    "dimension", "matrix",
      "job-index",     "on-error",    "observe",  "deadline",  "lease",
      "skew",          "memory",      "interval", "on-lost",   "session-window",
      "pr-lock-window"};
  return follows_the_work(call) &&
         std::find(commands.begin(), commands.end(), call.command) != commands.end() &&
         std::find(settings.begin(), settings.end(), setting) != settings.end();
}

/// Whose session `gate`, `check` and `run` go on with, too: a second one of a job stands behind the
/// first one's work, and there are no others than the runner's own words of who it is.
bool names_a_session(const Invocation& call, std::string_view setting) {
  static constexpr std::array<std::string_view, 3> commands{"gate", "check", "run"};
  static constexpr std::array<std::string_view, 4> settings{"claim-id", "run-id", "run-attempt",
                                                            "job"};
  return call.environment.in_actions() &&
         std::find(commands.begin(), commands.end(), call.command) != commands.end() &&
         std::find(settings.begin(), settings.end(), setting) != settings.end();
}

/// The variable's value, where it may be obeyed; else nothing, and it is named unless an option
/// stands in its place.
std::string value_of_variable(const Invocation& call, std::string_view setting) {
  const std::string variable = environment_name(setting);
  std::string value = call.environment.get(variable);
  const bool asks = names_a_session(call, setting);
  if (value.empty() || (!asks && !is_steered_by_options_alone(call, setting))) return value;
  // What `run` tells its command, where it says no more than the runner does.
  const bool says_the_same = value == call.environment.get("RUNNER_TEMP") + "/refgate";
  if (!call.options.contains(std::string(setting)) && !says_the_same)
    call.err << "refgate: the variable " << variable << " is ignored in a step "
             << (asks ? "of a job, " : "behind the work, ")
             << "since any step before it may have set it: give --" << setting << "\n";
  return {};
}

/// What ends a session, or tells of some, goes by what was said when it began.
bool asks_to_launch(const Invocation& call) {
  return call.command == "gate" || call.command == "check" || call.command == "run" ||
         call.command == "explain";
}

RemoteSource source_of_remote(const Invocation& call, const Settings& settings) {
  if (settings.remote.empty()) return RemoteSource::nobody;
  if (!call.option("remote").empty()) return RemoteSource::step;
  if (call.environment.get(environment_name("remote")).empty()) return RemoteSource::configuration;
  return follows_the_work(call) ? RemoteSource::variable : RemoteSource::step;
}

/// What `read` finds wrong about the setting is put into `faults`, where it may go on without.
void read_or_leave_out(std::string_view setting, std::vector<std::string>* faults,
                       const std::function<void()>& read) {
  try {
    read();
  } catch (const UsageError& error) {
    if (faults == nullptr || says_whose_or_where(setting)) throw;
    faults->emplace_back(error.what());
  }
}

Settings read_settings(const Invocation& call, std::vector<std::string>* faults) {
  for (const SettingRow& row : setting_table())
    read_or_leave_out(row.name, faults, [&] { refuse_empty(call, row); });
  Settings settings;
  refuse_tokens(call);
  std::string config = call.option("config");
  if (config.empty()) config = value_of_variable(call, "config");
  if (!config.empty())
    read_or_leave_out("config", faults, [&] {
      Settings with_file = settings;
      if (const auto error = apply_config(with_file, read_config(call, config), config))
        throw UsageError(*error);
      settings = std::move(with_file);
    });
  for (const SettingRow& row : setting_table()) {
    if (row.name == "config") continue;
    const std::string variable = environment_name(row.name);
    const std::string from_environment = value_of_variable(call, row.name);
    const auto given = call.options.find(std::string(row.name));
    // A stronger source replaces a weaker one's pairs, it does not add to them.
    const bool said_here = !from_environment.empty() || given != call.options.end();
    if (row.form == SettingForm::pairs && said_here) settings.dimensions.clear();
    if (row.form == SettingForm::list && said_here) settings.policy.budgets.clear();
    read_or_leave_out(row.name, faults, [&] {
      if (given == call.options.end()) {
        apply(call, settings, row, from_environment, variable);
      } else {
        for (const std::string& value : given->second)
          apply(call, settings, row, value, "--" + std::string(row.name));
      }
    });
  }
  Policy& policy = settings.policy;
  if (policy.waits_for_nothing && policy.settle == Duration::zero() && !policy.follow)
    policy.no_wait = true;
  if (asks_to_launch(call))
    if (const auto error = contradiction(call, settings))
      throw UsageError(*error + "; nothing was asked");
  settings.remote_source = source_of_remote(call, settings);
  trace([] { return "settings: all others have their defaults; of several the last one counts"; });
  return settings;
}

}  // namespace

Settings settings_of(const Invocation& call) { return read_settings(call, nullptr); }

bool says_whose_or_where(std::string_view setting) {
  static constexpr std::array<std::string_view, 9> settings{"remote",   "namespace", "state-dir",
                                                            "claim-id", "run-id",    "job",
                                                            "share",    "identity",  "run-attempt"};
  return std::find(settings.begin(), settings.end(), setting) != settings.end();
}

Settings settings_of(const Invocation& call, std::vector<std::string>& faults) {
  return read_settings(call, &faults);
}

std::string input_name(std::string_view setting) {
  return "INPUT" + environment_name(setting).substr(std::string_view("REFGATE").size());
}

bool is_input(const Invocation& call, std::string_view setting) {
  const std::string input = call.environment.get(input_name(setting));
  return call.environment.in_actions() && !input.empty() &&
         input == call.environment.get(environment_name(setting));
}

std::string said_as(const Invocation& call, std::string_view setting) {
  if (!is_input(call, setting)) return "--" + std::string(setting);
  return "the input " + std::string(setting) + (setting == "dimension" ? "s" : "");
}

bool is_dry_run(const Invocation& call) {
  if (call.flag("dry-run")) return true;
  const std::string value = call.environment.get(environment_name("dry-run"));
  if (value.empty()) return false;
  if (const auto truth = truth_of(value)) return *truth;
  throw UsageError("REFGATE_DRY_RUN is \"" + value +
                   "\", but must be true or false; nothing was asked");
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
