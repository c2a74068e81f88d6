#pragma once
// One call of one command: what was said, where it is answered, and what it needs of the world.

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "call/remote.h"
#include "call/settings.h"
#include "core/text/time.h"
#include "runner/environment.h"
#include "store/store.h"

namespace refgate {

/// Exit statuses, the same for every command.
enum Exit : int { exit_done = 0, exit_no = 1, exit_usage = 2, exit_store = 3, exit_internal = 4 };

struct Invocation {
  std::string command;
  std::vector<std::string> arguments;  ///< positional
  std::map<std::string, std::vector<std::string>>
      options;  ///< given on the command line, by name without dashes; a flag has the value "true"
  Environment environment;
  std::ostream& out;
  std::ostream& err;
  std::vector<std::string> left_out{};  ///< of the words given: what is wrong with each, told

  bool flag(const std::string& name) const { return options.contains(name); }
  /// The last value given, or `fallback`.
  std::string option(const std::string& name, const std::string& fallback = {}) const {
    const auto found = options.find(name);
    return found == options.end() || found->second.empty() ? fallback : found->second.back();
  }
};

/// The settings after options, environment, --config and defaults, in that order of strength.
/// Throws UsageError.
Settings settings_of(const Invocation& call);

/// Likewise for who must go on: what is wrong is left out and told in `faults`, unless it says
/// whose session is meant or where it is asked for.
Settings settings_of(const Invocation& call, std::vector<std::string>& faults);

/// Without the setting it is not known whose session is meant, or where it is.
bool says_whose_or_where(std::string_view setting);

/// Whether the step's input of that name says what the variable does: it, and no earlier step, is
/// then what was obeyed.
bool is_input(const Invocation& call, std::string_view setting);

/// Where a setting was written, for messages: "--wait", or "the input wait" where the action's step
/// said it.
std::string said_as(const Invocation& call, std::string_view setting);

/// "INPUT_PR_LOCK_WINDOW": how the action's step knows it.
std::string input_name(std::string_view setting);

/// Asked for by the option or by REFGATE_DRY_RUN, for the commands that have that option: then
/// nothing is written. Throws UsageError for what is neither yes nor no.
bool is_dry_run(const Invocation& call);

/// The store of the settings' remote, with the call's deadline. Throws UsageError and StoreError.
std::unique_ptr<Store> store_of(const Invocation& call, const Settings& settings);

/// The one place that reads the wall clock.
Instant now();

/// 32 random hexadecimal digits from the system's generator.
std::string fresh_nonce();

/// A pause of up to `longest`, random, never past the store's deadline.
void pause(const Store& store, Duration longest);

/// One line per store failure: what was tried, what was not done, what to change. Returns
/// exit_store.
int report(std::ostream& err, const StoreError& error);

}  // namespace refgate
