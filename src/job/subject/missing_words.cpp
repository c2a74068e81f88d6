#include "job/subject/missing_words.h"

#include <algorithm>
#include <vector>

#include "call/remote.h"
#include "core/event/event_rules.h"
#include "core/secrets/url_secrets.h"
#include "core/text/shell_word.h"

namespace refgate {
namespace {

struct Word {
  const char* option;
  const char* example;  ///< as a shell takes it
};

/// One that is said by its name alone; of a command's own options only their value tells.
bool is_flag(std::string_view option, std::string_view value) {
  const auto rows = setting_table();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const SettingRow& each) { return each.name == option; });
  return value == "true" && (row == rows.end() || row->form == SettingForm::flag);
}

/// What was typed, and what lacks.
std::string whole_line(const Invocation& call, const std::vector<Word>& missing) {
  std::string line = "refgate " + call.command;
  for (const auto& [option, values] : call.options)
    for (const std::string& value : values)
      line += " --" + option +
              (is_flag(option, value)
                   ? ""
                   : "=" + shell_word(option == "remote" ? without_url_secrets(value) : value));
  for (const Word& word : missing)
    line += std::string(" --") + word.option + " " + word.example;
  std::string words;
  for (const std::string& word : call.arguments)
    if (!word.empty()) words += " " + shell_word(word);
  if (!words.empty()) line += " --" + words;
  return line;
}

bool has_remote(const Settings& settings, const Environment& environment) {
  if (!settings.remote.empty()) return true;
  try {
    resolve_remote(settings, environment);
  } catch (const UsageError&) {
    return false;
  } catch (const StoreError&) {
    // There is one; what is wrong with it is told when it is asked.
  }
  return true;
}

/// What makes two of them the same work: the commit, or what only a payload has.
std::optional<Word> missing_identity(const Settings& settings, const RunnerEnvironment& runner) {
  if (!settings.identity.empty()) return std::nullopt;
  constexpr Word commit{"sha", "\"$(git rev-parse HEAD)\""};
  if (runner.event_name.empty()) return settings.sha.empty() ? std::optional(commit) : std::nullopt;
  const EventRule* rule = find_event_rule(runner.event_name);
  const bool by_commit = rule != nullptr && rule->is_commit_event;
  if (by_commit)
    return settings.sha.empty() && !(runner.event_name == "push" && is_commit_name(runner.sha))
               ? std::optional(commit)
               : std::nullopt;
  const bool by_run = rule != nullptr && !rule->row.exempt_because.empty();
  if (by_run && !runner.run_id.empty()) return std::nullopt;
  return Word{"identity", "what-the-work-is"};
}

}  // namespace

std::optional<std::string> missing_words(const Invocation& call, const Settings& settings,
                                         const RunnerEnvironment& runner) {
  std::vector<Word> missing;
  if (runner.event_name.empty())
    missing.push_back({"event", settings.identity.empty() ? "push" : "workflow_dispatch"});
  if (const auto identity = missing_identity(settings, runner)) missing.push_back(*identity);
  if (settings.share.empty() && runner.workflow.empty() && runner.workflow_ref.empty())
    missing.push_back({"workflow", "my-agent"});
  if (missing.empty()) return std::nullopt;
  if (!has_remote(settings, call.environment))
    missing.push_back({"remote", "https://github.com/OWNER/NAME"});
  std::string names;
  for (std::size_t i = 0; i < missing.size(); ++i)
    names += (i == 0                    ? "--"
              : i + 1 == missing.size() ? " and --"
                                        : ", --") +
             std::string(missing[i].option);
  return "outside of GitHub Actions nobody says what the work is: " + names +
         (missing.size() == 1 ? " is" : " are") +
         " missing; nothing was asked. The whole line: " + whole_line(call, missing);
}

}  // namespace refgate
