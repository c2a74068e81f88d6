#include "call/settings.h"

#include <array>
#include <charconv>
#include <variant>
#include <vector>

#include "core/event/event_payload.h"
#include "core/event/scope.h"
#include "core/policy/budget_setting.h"
#include "core/text/blank.h"
#include "core/text/truth.h"
#include "core/words/nearest.h"

namespace refgate {
namespace {

constexpr std::array<SettingRow, 51> rows{{
    {"remote", SettingForm::text, "URL|PATH|NAME", "the git remote that holds the state",
     "the run's repository, else origin", true},
    {"namespace", SettingForm::text, "NAME", "the branch of refs that holds the state", "refgate",
     true},
    {"event", SettingForm::text, "NAME", "the event that triggered the run", "GITHUB_EVENT_NAME",
     false},
    {"workflow", SettingForm::text, "NAME", "the workflow", "GITHUB_WORKFLOW", false},
    {"sha", SettingForm::text, "COMMIT", "the commit that the work is about",
     "the event's head commit", false},
    {"run-id", SettingForm::text, "ID", "the run", "GITHUB_RUN_ID", false},
    {"run-attempt", SettingForm::text, "N", "the attempt of the run", "GITHUB_RUN_ATTEMPT", false},
    {"job", SettingForm::text, "ID", "the job", "GITHUB_JOB", false},
    {"job-index", SettingForm::text, "N", "the matrix leg, for people", "", false},
    {"share", SettingForm::text, "NAME",
     "jobs and workflows that name the same share do the same work",
     "the workflow file and the job", true},
    {"dimension", SettingForm::pairs, "KEY=VALUE",
     "tells pieces of work of one event apart; repeatable", "", true},
    {"matrix", SettingForm::text, "JSON",
     "the job's leg, whose values are dimensions, as toJSON(matrix) gives it", "", false},
    {"identity", SettingForm::text, "TEXT", "what makes two events the same work",
     "by event; explain shows it", false},
    {"identity-by", SettingForm::choice, "event|commit|patch",
     "what makes two events the same work: the table of events, the head commit alone, or the "
     "change alone",
     "event", true},
    {"memory", SettingForm::duration, "SPAN", "for how long finished work is not launched again",
     "7d", true},
    {"pr-lock-window", SettingForm::duration, "SPAN",
     "for how long a push and a pull request of one commit lock each other out", "1h", true},
    {"session-window", SettingForm::duration, "SPAN", "the lease of check and register", "5m",
     true},
    {"lease", SettingForm::duration, "SPAN",
     "until when a claim holds without news from its holder", "6h, with heartbeats three intervals",
     true},
    {"interval", SettingForm::duration, "SPAN", "the time between two heartbeats", "5m", true},
    {"heartbeat", SettingForm::flag, "", "start the job's heartbeats when the verdict is run", "",
     true},
    {"skew", SettingForm::duration, "SPAN", "how far the clocks of two runners may be apart", "60s",
     true},
    {"deadline", SettingForm::duration, "SPAN", "the longest that one call may take", "30s", true},
    {"retry", SettingForm::choice, "suppress|manual|allow", "whether failed work may run again",
     "suppress", true},
    {"max-attempts", SettingForm::number, "N", "launches of one piece of work within its memory",
     "any number", true},
    {"cooldown", SettingForm::duration, "SPAN",
     "for how long nothing of a piece of work is launched after its last session ended", "0s",
     true},
    {"budget", SettingForm::list, "[KIND:]AMOUNT/SPAN",
     "launches, or dollars or tokens that they cost, per scope, workflow, actor, repo or store "
     "within a span, such as actor:3/1h, repo:20usd/1d or 2000000tokens/1d; repeatable",
     "", true},
    {"breaker", SettingForm::text, "N/SPAN",
     "when the last N sessions of the workflow that ended have all failed, such as 5/1h, one is "
     "let through after the span, and the others wait for it",
     "", true},
    {"reserve", SettingForm::text, "AMOUNT",
     "what one session may cost, such as 1.50usd or 100000tokens: what it counts as in budgets of "
     "dollars or tokens until it says what it did",
     "", true},
    {"group-by", SettingForm::text, "STRATEGY",
     "process the sessions of one group in order: none, entity, repository, user, "
     "entity-repository, entity/<span> or a template",
     "none", true},
    {"bot", SettingForm::text, "NAME", "which row of the configuration's bots applies", "the actor",
     true},
    {"slots", SettingForm::text, "[POOL:]N",
     "at most so many sessions of a pool at once, such as 3 or model:3; who comes then waits", "",
     true},
    {"wait", SettingForm::duration, "SPAN",
     "stand by for so long until it is this one's turn, or the holder is gone",
     "0s; in a group, with slots and with follow 1h", true},
    {"no-wait", SettingForm::flag, "", "tell the place in line, and do not stand in it", "", true},
    {"holder-run", SettingForm::choice, "ask|ignore",
     "whether the REST API is asked if a holder's run has ended", "ask", true},
    {"force", SettingForm::flag, "", "run, whatever the state is; the former holder halts", "",
     false},
    {"observe", SettingForm::flag, "",
     "only watch: decide and record, tell what would have been skipped, and hold nothing back", "",
     true},
    {"follow", SettingForm::flag, "",
     "a skip ends as the work that it stands for: wait for its holder, exit 1 unless it is done",
     "", true},
    {"supersede", SettingForm::flag, "",
     "the newest head of a branch wins: who comes with an older one skips, and its session is "
     "ended",
     "", true},
    {"settle", SettingForm::duration, "SPAN",
     "wait until no newer head of the branch has come for so long, and skip when one comes", "0s",
     true},
    {"on-lost", SettingForm::choice, "note|cancel",
     "whether the heartbeats cancel their own run when a newer head supersedes it, or a pause "
     "halts it (needs actions: write)",
     "note", true},
    {"pause", SettingForm::choice, "ask|ignore",
     "whether it is asked if a person has stopped this kind of work (refgate pause)",
     "ignore; ask beside budget, breaker, slots, observe, follow, supersede, settle, on-lost "
     "cancel "
     "and identity-by patch",
     true},
    {"cost", SettingForm::text, "USD", "what the session cost, such as 1.23", "", false},
    {"tokens", SettingForm::text, "N", "how many tokens it took", "", false},
    {"usage", SettingForm::text, "FILE",
     "the result that the agent wrote of itself, which tells both: JSON or JSON lines of Claude "
     "Code, Codex or Gemini",
     "", true},
    {"on-error", SettingForm::choice, "fail|run|skip",
     "what to do when the store cannot be reached, read or written", "fail", true},
    {"on-read-only", SettingForm::choice, "skip|run|fail",
     "what to do when the token may only read", "skip for forks and Dependabot, else fail", true},
    {"audit-skips", SettingForm::choice, "push|summary", "where a skip is recorded", "push", true},
    {"claim-id", SettingForm::text, "ID",
     "the claim that the caller owns, from the gate's output of that name", "the job's state file",
     false},
    {"state-dir", SettingForm::text, "DIR", "where the job's state files lie",
     "RUNNER_TEMP/refgate", false},
    {"config", SettingForm::text, "FILE",
     "a file with settings; never read from the workspace by itself", "", false},
    {"verbose", SettingForm::flag, "",
     "tell on standard error what is asked, read, decided and written (short: -v)",
     "with RUNNER_DEBUG=1", false},
}};

template <typename E>
struct Choice {
  std::string_view word;
  E value;
};

template <typename E, std::size_t N>
std::optional<std::string> choose(E& target, std::string_view name, std::string_view value,
                                  const std::array<Choice<E>, N>& choices) {
  std::string allowed;
  std::vector<std::string_view> words;
  for (const auto& choice : choices) {
    if (choice.word == value) {
      target = choice.value;
      return std::nullopt;
    }
    words.push_back(choice.word);
    allowed += (allowed.empty() ? "" : ", ") + std::string(choice.word);
  }
  const std::string_view near = nearest(value, words);
  return std::string(name) + " is \"" + std::string(value) + "\", but must be one of " + allowed +
         (near.empty() ? "" : "; did you mean " + std::string(near) + "?");
}

constexpr std::array<Choice<Retry>, 3> retries{
    {{"suppress", Retry::suppress}, {"manual", Retry::manual}, {"allow", Retry::allow}}};
constexpr std::array<Choice<Fallback>, 3> fallbacks{
    {{"fail", Fallback::fail}, {"run", Fallback::run}, {"skip", Fallback::skip}}};
constexpr std::array<Choice<AuditSkips>, 2> audits{
    {{"push", AuditSkips::push}, {"summary", AuditSkips::summary}}};
constexpr std::array<Choice<HolderRun>, 2> holder_runs{
    {{"ask", HolderRun::ask}, {"ignore", HolderRun::ignore}}};
constexpr std::array<Choice<PauseAsking>, 2> pauses{
    {{"ask", PauseAsking::ask}, {"ignore", PauseAsking::ignore}}};
constexpr std::array<Choice<OnLost>, 2> losses{
    {{"note", OnLost::note}, {"cancel", OnLost::cancel}}};
constexpr std::array<Choice<IdentityBy>, 3> identities{
    {{"event", IdentityBy::event}, {"commit", IdentityBy::commit}, {"patch", IdentityBy::patch}}};
std::optional<std::string> set_flag(bool& target, std::string_view name, std::string_view value) {
  const auto truth = truth_of(value);
  if (!truth)
    return std::string(name) + " is \"" + std::string(value) + "\", but must be one of true, false";
  target = *truth;
  return std::nullopt;
}

std::optional<std::string> set_duration(Duration& target, std::string_view name,
                                        std::string_view value, Duration least) {
  const auto parsed = parse_duration(value);
  if (!parsed)
    return std::string(name) + " is \"" + std::string(value) +
           "\", but must be a span of time such as 90s, 5m, 1h or 7d";
  if (*parsed < least)
    return std::string(name) + " is \"" + std::string(value) + "\", but must be at least " +
           format_duration(least);
  target = *parsed;
  return std::nullopt;
}

/// What is kept of a name is kept whole, so that two different ones stay different.
std::optional<std::string> set_bounded(std::string& target, std::string_view name,
                                       std::string_view value) {
  if (value.size() > max_event_text_bytes)
    return std::string(name) + " is longer than " + std::to_string(max_event_text_bytes) + " bytes";
  target = value;
  return std::nullopt;
}

std::optional<std::string> add_dimensions(std::map<std::string, std::string>& dimensions,
                                          std::string_view value) {
  while (!value.empty()) {
    const std::size_t end = value.find_first_of(",\n");
    const std::string_view part = trimmed(value.substr(0, end));
    value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return "dimension is \"" + std::string(part) + "\", but must be key=value";
    if (part.size() > max_event_text_bytes)
      return "dimension is longer than " + std::to_string(max_event_text_bytes) + " bytes";
    const auto [at, fresh] = dimensions.try_emplace(std::string(trimmed(part.substr(0, equals))),
                                                    trimmed(part.substr(equals + 1)));
    if (!fresh && at->second != trimmed(part.substr(equals + 1)))
      return "dimension \"" + at->first + "\" is given twice with different values";
  }
  return std::nullopt;
}

std::optional<unsigned> whole_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 1'000'000)
    return std::nullopt;
  return value;
}

/// A bound of nothing would be none: whoever wants none leaves it out.
std::optional<std::string> set_number(unsigned& target, std::string_view name,
                                      std::string_view value) {
  const auto parsed = whole_number(value);
  if (!parsed || *parsed == 0)
    return std::string(name) + " is \"" + std::string(value) +
           "\", but must be a whole number from 1 to 1000000";
  target = *parsed;
  return std::nullopt;
}

std::optional<std::string> set_text(std::string& target, std::string_view value) {
  target = value;
  return std::nullopt;
}

/// A word such as HEAD is another commit tomorrow, and a piece of work that was named by it would
/// be done for a week.
std::optional<std::string> set_commit(std::string& target, std::string_view value) {
  if (!is_commit_name(value)) {
    // Whoever pastes the line has a shell read it.
    static constexpr std::string_view harmless =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    const bool plain =
        value.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos &&
        value.find_first_not_of(harmless) == std::string_view::npos && !value.starts_with('-');
    return "sha is \"" + std::string(value) +
           "\", but must be a commit's object id of 7 to 64 hexadecimal digits" +
           (plain ? "; give \"$(git rev-parse " + std::string(value) + ")\"" : std::string());
  }
  return set_text(target, in_lower_case(value));
}

std::optional<std::string> set_strategy(std::string& target, std::string_view value) {
  const auto parsed = parse_strategy(value);
  if (const auto* error = std::get_if<std::string>(&parsed)) return "group-by: " + *error;
  return set_text(target, value);
}

std::optional<std::string> set_slots(std::optional<Slots>& target, std::string_view value) {
  auto parsed = parse_slots(value);
  if (const auto* error = std::get_if<std::string>(&parsed)) return *error;
  target = std::get<Slots>(std::move(parsed));
  return std::nullopt;
}

std::optional<std::string> set_attempt(std::string& target, std::string_view name,
                                       std::string_view value) {
  const auto attempt = whole_number(value);
  if (!attempt || *attempt == 0)
    return std::string(name) + " is \"" + std::string(value) +
           "\", but must be a whole number from 1 to 1000000";
  return set_text(target, value);
}

/// Longer than a job may last nobody can wait.
std::optional<std::string> set_settle(Duration& target, std::string_view name,
                                      std::string_view value) {
  using namespace std::chrono_literals;
  if (auto error = set_duration(target, name, value, 0ms)) return error;
  if (target <= 6h) return std::nullopt;
  return std::string(name) + " is \"" + std::string(value) + "\", but must be at most 6h";
}

}  // namespace

std::span<const SettingRow> setting_table() { return rows; }

std::string environment_name(std::string_view setting) {
  std::string name = "REFGATE_";
  for (char c : setting)
    name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::optional<std::string> apply_setting(Settings& settings, std::string_view name,
                                         std::string_view value) {
  using namespace std::chrono_literals;
  if (value.empty()) return std::nullopt;
  Policy& policy = settings.policy;
  if (name == "remote") return set_text(settings.remote, value);
  if (name == "namespace") {
    if (!is_namespace(value))
      return "namespace is \"" + std::string(value) +
             "\", but must be lower-case letters, digits and '-' (parts separated by '/'), and "
             "none of git's own";
    return set_text(settings.name_space, value);
  }
  if (name == "event") return set_text(settings.event, value);
  if (name == "workflow") return set_text(settings.workflow, value);
  if (name == "sha") return set_commit(settings.sha, value);
  if (name == "run-id") return set_text(settings.run_id, value);
  if (name == "run-attempt") return set_attempt(settings.run_attempt, name, value);
  if (name == "job") return set_text(settings.job, value);
  if (name == "job-index") return set_bounded(settings.job_index, name, value);
  if (name == "share") return set_bounded(settings.share, name, value);
  if (name == "identity") return set_text(settings.identity, value);
  if (name == "identity-by") return choose(settings.identity_by, name, value, identities);
  if (name == "matrix") {
    settings.matrix = dimensions_of_matrix(value);
    return std::nullopt;
  }
  if (name == "claim-id") return set_bounded(settings.claim_id, name, value);
  if (name == "state-dir") return set_text(settings.state_dir, value);
  if (name == "dimension") return add_dimensions(settings.dimensions, value);
  if (name == "memory") return set_duration(policy.memory, name, value, 0ms);
  if (name == "pr-lock-window") return set_duration(policy.pr_lock_window, name, value, 0ms);
  if (name == "session-window") return set_duration(policy.session_window, name, value, 1s);
  if (name == "lease") {
    policy.lease_given = true;
    return set_duration(policy.lease, name, value, 1s);
  }
  if (name == "interval") {
    policy.interval_given = true;
    if (const auto error = set_duration(policy.interval, name, value, 100ms)) return error;
    if (policy.interval > std::chrono::days(30))
      return "interval is \"" + std::string(value) + "\", but must be at most 30d";
    return std::nullopt;
  }
  if (name == "heartbeat") return set_flag(policy.heartbeat, name, value);
  if (name == "max-attempts") return set_number(policy.max_attempts, name, value);
  if (name == "cooldown") return set_duration(policy.cooldown, name, value, 0ms);
  if (name == "budget") return add_budgets(policy.budgets, value);
  if (name == "breaker") return set_breaker(policy.breaker, value);
  if (name == "reserve") return set_reserve(policy.reserve, value);
  if (name == "group-by") return set_strategy(settings.group_by, value);
  if (name == "bot") return set_bounded(settings.bot, name, value);
  if (name == "slots") return set_slots(policy.slots, value);
  if (name == "wait") {
    auto error = set_duration(policy.wait, name, value, 0ms);
    policy.waits_for_nothing = !error && policy.wait == Duration::zero();
    return error;
  }
  if (name == "no-wait") return set_flag(policy.no_wait, name, value);
  if (name == "holder-run") return choose(policy.holder_run, name, value, holder_runs);
  if (name == "skew") return set_duration(policy.skew, name, value, 0ms);
  if (name == "deadline") return set_duration(policy.deadline, name, value, 100ms);
  if (name == "retry") return choose(policy.retry, name, value, retries);
  if (name == "force") return set_flag(policy.force, name, value);
  if (name == "observe") return set_flag(policy.observe, name, value);
  if (name == "supersede") return set_flag(policy.supersede, name, value);
  if (name == "settle") return set_settle(policy.settle, name, value);
  if (name == "follow") return set_flag(policy.follow, name, value);
  if (name == "on-lost") return choose(policy.on_lost, name, value, losses);
  if (name == "pause") return choose(policy.pause.emplace(), name, value, pauses);
  if (name == "cost") return set_text(settings.cost, value);
  if (name == "tokens") return set_text(settings.tokens, value);
  if (name == "usage") return set_text(settings.usage, value);
  if (name == "on-error") return choose(policy.on_error, name, value, fallbacks);
  if (name == "on-read-only") return choose(policy.on_read_only.emplace(), name, value, fallbacks);
  // Whoever reads the command line listens (os/trace.h).
  if (bool heard = false; name == "verbose") return set_flag(heard, name, value);
  if (name == "audit-skips") return choose(policy.audit_skips, name, value, audits);
  return "there is no setting \"" + std::string(name) + "\"";
}

std::optional<std::string> apply_bot_value(Bot& bot, std::string_view name,
                                           std::string_view value) {
  using namespace std::chrono_literals;
  if (value.empty()) return std::nullopt;
  if (name == "group-by") return set_strategy(bot.strategy, value);
  if (name == "max-duration") return set_duration(bot.limits.max_duration, name, value, 1s);
  if (name == "idle-timeout") return set_duration(bot.limits.idle_timeout, name, value, 1s);
  if (name == "max-events") {
    const auto most = whole_number(value);
    if (!most || *most == 0)
      return std::string(name) + " is \"" + std::string(value) +
             "\", but must be a whole number from 1 to 1000000";
    bot.limits.max_events = *most;
    return std::nullopt;
  }
  return "there is no \"" + std::string(name) +
         "\" in a bot's row; known are group-by, max-duration, max-events and idle-timeout";
}

const Bot& bot_row(const Settings& settings, std::string_view actor) {
  static const Bot none;
  const auto row = [&](std::string_view name) -> const Bot* {
    const auto found = settings.bots.find(std::string(name));
    return found == settings.bots.end() ? nullptr : &found->second;
  };
  const std::string_view login = settings.bot.empty() ? actor : std::string_view(settings.bot);
  if (const Bot* exact = row(login)) return *exact;
  if (const Bot* bare = row(without_bot_suffix(login))) return *bare;
  const Bot* rest = row("default");
  return rest != nullptr ? *rest : none;
}

}  // namespace refgate
