#include "core/event/event.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/event/event_identity.h"
#include "core/event/event_payload.h"
#include "core/event/event_rules.h"
#include "core/text/digest.h"
#include "core/text/lower.h"

namespace refgate {
namespace {

bool is_decimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "owner/name": two parts, and nothing that could end a URL's path or a line.
bool is_repository_name(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string_view::npos)
    return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '?' || c == '#';
  });
}

struct NamedText {
  std::string_view name;
  const std::string& text;
};

std::string first_bad_text(const RunnerEnvironment& environment, const EventOverrides& overrides) {
  const NamedText texts[] = {
      {"GITHUB_EVENT_NAME", environment.event_name},
      {"GITHUB_REPOSITORY", environment.repository},
      {"GITHUB_SERVER_URL", environment.server_url},
      {"GITHUB_ACTOR", environment.actor},
      {"GITHUB_TRIGGERING_ACTOR", environment.triggering_actor},
      {"GITHUB_SHA", environment.sha},
      {"GITHUB_REF", environment.ref},
      {"GITHUB_RUN_ID", environment.run_id},
      {"GITHUB_RUN_ATTEMPT", environment.run_attempt},
      {"GITHUB_WORKFLOW", environment.workflow},
      {"GITHUB_WORKFLOW_REF", environment.workflow_ref},
      {"GITHUB_JOB", environment.job},
      {"the commit given by the caller", overrides.head_commit},
      {"the identity given by the caller", overrides.identity},
  };
  for (const auto& [name, text] : texts)
    if (const auto wrong = what_is_wrong_with(text); !wrong.empty())
      return std::string(name) + " " + wrong + ".";
  if (!environment.sha.empty() && !is_object_id(environment.sha))
    return "GITHUB_SHA is \"" + environment.sha.substr(0, 80) +
           "\", but must be a commit's object id (40 or 64 hexadecimal digits).";
  return {};
}

// "owner/name/.github/workflows/x.yml@refs/heads/main" → ".github/workflows/x.yml". A workflow that
// another repository provides (an organisation's required workflow) keeps that repository in front,
// so that it is not taken for a file of the same name here.
std::string workflow_file_of(std::string_view workflow_ref, std::string_view repository) {
  auto end = std::min({workflow_ref.find(".yml@"), workflow_ref.find(".yaml@")});
  if (end != std::string_view::npos)
    end = workflow_ref.find('@', end);
  else
    end = workflow_ref.find('@');
  const std::string_view path = workflow_ref.substr(0, end);
  const auto owner_end = path.find('/');
  if (owner_end == std::string_view::npos) return {};
  const auto name_end = path.find('/', owner_end + 1);
  if (name_end == std::string_view::npos || name_end + 1 == path.size()) return {};
  const bool own = repository.empty() || same_but_for_case(path.substr(0, name_end), repository);
  return std::string(own ? path.substr(name_end + 1) : path);
}

std::string run_url_of(std::string_view server, const Event& event) {
  if (!server.starts_with("https://") && !server.starts_with("http://")) return {};
  if (event.repository.empty() || !is_decimal(event.run_id)) return {};
  while (server.ends_with('/'))
    server.remove_suffix(1);
  std::string url = std::string(server) + "/" + event.repository + "/actions/runs/" + event.run_id;
  if (event.run_attempt > 1) url += "/attempts/" + std::to_string(event.run_attempt);
  return url;
}

// What does not depend on the kind of event. Returns what is wrong with the environment, or
// nothing.
std::string describe_run(Event& event, const RunnerEnvironment& environment,
                         EventPayload& payload) {
  event.kind = environment.event_name;
  event.action = payload.text_if_any("action");
  event.repository = environment.repository.empty() ? payload.text_if_any("repository.full_name")
                                                    : environment.repository;
  if (!event.repository.empty() && !is_repository_name(event.repository))
    return (environment.repository.empty() ? "The payload's repository.full_name"
                                           : "GITHUB_REPOSITORY") +
           std::string(" is not of the form owner/name.");
  event.actor = environment.actor.empty() ? payload.text_if_any("sender.login") : environment.actor;
  event.triggering_actor =
      environment.triggering_actor.empty() ? event.actor : environment.triggering_actor;
  event.triggering_actor_is_bot = is_bot_login(event.triggering_actor);
  event.run_id = environment.run_id;
  if (const auto& attempt = environment.run_attempt; !attempt.empty()) {
    const auto [end, problem] =
        std::from_chars(attempt.data(), attempt.data() + attempt.size(), event.run_attempt);
    if (problem != std::errc() || end != attempt.data() + attempt.size() || event.run_attempt == 0)
      return "GITHUB_RUN_ATTEMPT is not a whole number above zero.";
  }
  event.workflow = environment.workflow;
  event.workflow_file = workflow_file_of(environment.workflow_ref, event.repository);
  event.job = environment.job;
  event.run_url = run_url_of(environment.server_url, event);
  return {};
}

// A payload of another kind of sender's account tells what its login may not.
bool sender_is_bot(EventPayload& payload, const Event& event) {
  return payload.has("sender.login") &&
         same_but_for_case(payload.text_if_any("sender.login"), event.triggering_actor) &&
         payload.text_if_any("sender.type") == "Bot";
}

std::string missing_payload(const EventRule& rule, const EventSource& source) {
  const std::string name(rule.row.name);
  if (!rule.row.exempt_because.empty()) return {};
  if (!rule.is_commit_event)
    return "There is no payload, and " + name + " needs one to tell its work (" +
           std::string(rule.row.identity) + "); --identity can say it instead.";
  if (!source.overrides.head_commit.empty() || (name == "push" && !source.runner_commit().empty()))
    return {};
  return "There is no payload to read the head commit of a " + name + " from; --sha can say it" +
         (name == "push" ? ", or GITHUB_SHA with an object id." : " (GITHUB_SHA is not it).");
}

}  // namespace

std::variant<Event, EventError> parse_event(std::string_view payload_text,
                                            const RunnerEnvironment& environment,
                                            const EventOverrides& overrides) {
  if (auto bad = first_bad_text(environment, overrides); !bad.empty())
    return EventError{std::move(bad)};
  if (environment.event_name.empty())
    return EventError{"GITHUB_EVENT_NAME is not set; --event says what kind of event it is."};

  EventPayload payload;
  if (!payload_text.empty()) {
    auto parsed = EventPayload::parse(payload_text);
    if (auto* error = std::get_if<EventError>(&parsed)) return std::move(*error);
    payload = std::move(std::get<EventPayload>(parsed));
    payload.hide(environment.secrets);
  }

  Event event;
  if (auto bad = describe_run(event, environment, payload); !bad.empty())
    return EventError{std::move(bad)};
  event.triggering_actor_is_bot = event.triggering_actor_is_bot || sender_is_bot(payload, event);

  EventSource source{payload, environment, overrides};
  const EventRule* rule = find_event_rule(event.kind);
  const bool told = !overrides.identity.empty();
  if (rule == nullptr && !told)
    return EventError{"No event named " + event.kind +
                      " can trigger a workflow, as far as is known here; --identity can say what "
                      "makes two of them the " +
                      "same work."};
  if (rule != nullptr && !told && !payload.given())
    if (auto missing = missing_payload(*rule, source); !missing.empty())
      return EventError{std::move(missing)};

  if (rule == nullptr)
    read_unknown(source, event);
  else
    rule->read(source, event);

  if (!overrides.head_commit.empty() && event.head_commit.empty())
    event.head_commit = overrides.head_commit;
  if (told) {
    event.identity = {"custom", overrides.identity};
    event.identity_parts = {{"identity", overrides.identity}};
    event.covers.clear();
    event.arrival.reset();
    event.twin.clear();
    event.exempt_because.clear();
    return event;
  }
  if (!payload.error().empty()) return EventError{payload.error()};
  if (!rule->row.exempt_because.empty()) event.exempt_because = rule->row.exempt_because;
  if (!event.exempt_because.empty()) {
    if (event.run_id.empty())
      return EventError{
          "GITHUB_RUN_ID is not set, and a " + event.kind +
          " is told by its run; --run-id can say it, or --identity what makes two the same."};
    event.exempt = true;
    identify(event, "run", {{"run", event.run_id}});
    return event;
  }
  const bool by_commit = overrides.identity_by == IdentityBy::commit ||
                         (overrides.identity_by == IdentityBy::told_commit && event.about_commit);
  if (by_commit && !event.head_commit.empty()) {
    identify_by_commit(event);
    event.covers.clear();
    event.twin = "every event about this commit";
  }
  return event;
}

bool is_bot_login(std::string_view login) {
  constexpr std::string_view suffix = "[bot]";
  if (login.size() > suffix.size() &&
      same_but_for_case(login.substr(login.size() - suffix.size()), suffix))
    return true;
  // Accounts that act by themselves but are no apps, and apps that GITHUB_ACTOR shows without the
  // suffix.
  constexpr std::string_view known[] = {
      "copilot",      "dependabot",   "github-actions", "github-merge-queue",
      "k8s-ci-robot", "renovate-bot", "snyk-bot",       "web-flow"};
  return std::any_of(std::begin(known), std::end(known),
                     [&](std::string_view name) { return same_but_for_case(login, name); });
}

}  // namespace refgate
