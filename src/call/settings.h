#pragma once
// Every setting of the gate and its kin, as rows of one table: the command line, the environment,
// the action's inputs and `--config` read the same.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/event/event.h"
#include "core/event/ordering.h"
#include "core/policy/policy.h"
#include "core/record/spent.h"

namespace refgate {

/// Who named the remote. A token was given beside it only when the step itself did.
enum class RemoteSource {
  nobody,    ///< the default applies
  step,      ///< an option, or a variable where an earlier step of the job cannot set it to harm
  variable,  ///< REFGATE_REMOTE in a command that follows the work
  configuration,  ///< the file of --config
};

struct Settings {
  Policy policy;
  std::string remote;  ///< URL, path or the name of a remote; empty: the repository of the run,
                       ///< else origin, else the one we stand in
  RemoteSource remote_source = RemoteSource::nobody;
  std::string name_space = "refgate";
  std::string event;
  std::string workflow;
  std::string sha;
  std::string run_id;
  std::string run_attempt;
  std::string job;
  std::string job_index;
  std::string share;
  std::string identity;
  IdentityBy identity_by = IdentityBy::event;
  std::map<std::string, std::string> matrix;  ///< the job's leg: more dimensions, unless a share is
                                              ///< named
  std::string claim_id;
  std::map<std::string, std::string> dimensions;
  std::string state_dir;
  std::string group_by;  ///< an ordering strategy's name or a template; empty: the bot's, else none
  std::string bot;       ///< which row of the table of bots applies; empty: the actor
  std::string
      cost;  ///< of the session, as said: what is no amount is told at its end, and left out
  std::string tokens;               ///< likewise
  std::string usage;                ///< the file that tells both
  Spent spent;                      ///< what came of these three, once the session is over
  std::map<std::string, Bot> bots;  ///< from --config; "default" stands for the rest
};

enum class SettingForm { text, duration, choice, flag, pairs, number, list };

struct SettingRow {
  std::string_view name;  ///< "pr-lock-window": `--pr-lock-window`, `pr-lock-window:` in --config,
                          ///< REFGATE_PR_LOCK_WINDOW
  SettingForm form;
  std::string_view metavar;  ///< for --help
  std::string_view help;
  std::string_view fallback;  ///< the default, for --help; empty when there is none
  bool in_config;             ///< false for what belongs to one run, and for --remote's like
};

std::span<const SettingRow> setting_table();

/// "REFGATE_PR_LOCK_WINDOW"
std::string environment_name(std::string_view setting);

/// Sets one setting from text. nullopt on success, else one sentence that says what is wrong and
/// what is allowed. An empty value means "not said" and changes nothing. `pairs` takes `key=value`
/// and `list` takes words, several separated by commas or line ends.
std::optional<std::string> apply_setting(Settings& settings, std::string_view name,
                                         std::string_view value);

/// Reads a `--config` file's text (YAML, one mapping) into settings. nullopt on success, else one
/// sentence with `origin` and the line. An unknown key is an error that names the nearest known
/// one. `bots:` is a mapping of names to rows of group-by, max-duration, max-events and
/// idle-timeout; a `group-by` beside it is that of the default row, so that a bot's own row is the
/// stronger one.
std::optional<std::string> apply_config(Settings& settings, const std::string& text,
                                        std::string_view origin);

/// The row of the table of bots that applies to what `actor` causes: that of `bot` where it was
/// said, else of the login, with or without "[bot]"; else the default row.
const Bot& bot_row(const Settings& settings, std::string_view actor);

/// Sets one value of a bot's row from text, like apply_setting.
std::optional<std::string> apply_bot_value(Bot& bot, std::string_view name, std::string_view value);

}  // namespace refgate
