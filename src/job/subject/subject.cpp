#include "job/subject/subject.h"
#include "core/event/read_only.h"

#include <algorithm>
#include <ostream>
#include <utility>
#include <variant>
#include <vector>

#include "core/event/event_payload.h"
#include "core/event/patch.h"
#include "core/text/digest.h"
#include "core/words/brief.h"
#include "core/words/shorten.h"
#include "job/subject/missing_words.h"
#include "job/subject/patch_question.h"
#include "os/file/regular_file.h"
#include "os/trace.h"
#include "runner/given_away.h"
#include "runner/run_page.h"
#include "runner/runner.h"

namespace refgate {
namespace {

RunnerEnvironment runner_environment(const Environment& environment) {
  RunnerEnvironment runner;
  runner.event_name = environment.get("GITHUB_EVENT_NAME");
  runner.repository = environment.get("GITHUB_REPOSITORY");
  runner.server_url = environment.get("GITHUB_SERVER_URL");
  runner.actor = environment.get("GITHUB_ACTOR");
  runner.triggering_actor = environment.get("GITHUB_TRIGGERING_ACTOR");
  runner.sha = environment.get("GITHUB_SHA");
  runner.ref = environment.get("GITHUB_REF");
  runner.run_id = environment.get("GITHUB_RUN_ID");
  runner.run_attempt = environment.get("GITHUB_RUN_ATTEMPT");
  runner.workflow = environment.get("GITHUB_WORKFLOW");
  runner.workflow_ref = environment.get("GITHUB_WORKFLOW_REF");
  runner.job = environment.get("GITHUB_JOB");
  runner.secrets = tokens_in_use(environment);
  return runner;
}

/// One byte more than is allowed, so that the parser sees that it is too long.
std::string read_payload(const std::string& path) {
  auto read = read_regular_file(path, max_payload_bytes + 1);
  if (const auto* unread = std::get_if<Unread>(&read))
    throw UsageError("the event's payload " + path + " cannot be read (" + unread->why +
                     "); nothing was asked");
  std::string payload = std::move(std::get<FileText>(read).bytes);
  if (payload.empty())
    throw UsageError("the event's payload " + path + " is empty; nothing was asked");
  return payload;
}

/// Workflow files all lie in one folder; only a file of another place needs its whole path to be
/// told apart.
std::string workflow_share(const Event& event) {
  static constexpr std::string_view folder = ".github/workflows/";
  if (event.workflow_file.starts_with(folder)) return event.workflow_file.substr(folder.size());
  return event.workflow_file.empty() ? event.workflow : event.workflow_file;
}

/// "host/owner/name" of a URL in any form that git takes; empty for a path.
std::string place_of(std::string url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string::npos) {
    url.erase(0, scheme + 3);
  } else {
    const std::size_t colon = url.find(':');
    if (colon == std::string::npos || colon > url.find('/')) return {};
    url[colon] = '/';
  }
  if (const std::size_t at = url.find('@'); at < url.find('/')) url.erase(0, at + 1);
  while (url.ends_with('/'))
    url.pop_back();
  if (url.ends_with(".git")) url.resize(url.size() - 4);
  std::transform(url.begin(), url.end(), url.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return url;
}

/// The repository as a part of the scope, for a store that others may use too; empty when the store
/// is the repository's own.
std::string repository_beside(const Invocation& call, const Settings& settings,
                              const Event& event) {
  if (event.repository.empty()) return {};
  const std::string own = place_of(server_url(call.environment) + "/" + event.repository);
  try {
    if (place_of(resolve_remote(settings, call.environment).address) == own) return {};
  } catch (const UsageError&) {
    // Who only explains an event may have no store at all.
    return {};
  }
  return own.starts_with("github.com/") ? event.repository : own;
}

/// What the caller said that makes others the same work. Values may be long.
std::vector<std::string> joined_by(const Subject& subject, const Settings& settings) {
  constexpr std::size_t shown = 60;
  std::vector<std::string> words;
  if (!settings.share.empty()) words.push_back("--share " + shortened(settings.share, shown));
  if (!settings.identity.empty())
    words.push_back("--identity " + shortened(settings.identity, shown));
  else if (settings.identity_by == IdentityBy::commit)
    words.emplace_back("--identity-by commit");
  else if (subject.request.same_change)
    words.emplace_back("--identity-by patch");
  return words;
}

/// Where what makes others the same work came from.
std::string source_of_identity(const Subject& subject, const Settings& settings,
                               bool from_payload) {
  if (!settings.identity.empty()) return "the setting identity";
  if (subject.request.same_change) return "its change (identity-by patch)";
  if (settings.identity_by == IdentityBy::commit) return "its head commit (identity-by commit)";
  return from_payload ? "the event's payload" : "the environment and what was said, no payload";
}

void trace_subject(const Subject& subject, const Settings& settings, bool from_payload) {
  const Event& event = subject.event;
  trace([&] {
    return "event " + event.kind + (event.action.empty() ? "" : "." + event.action) +
           ", repository " + (event.repository.empty() ? "unknown" : event.repository) +
           ", actor " + (event.actor.empty() ? "unknown" : event.actor) + ", run " +
           (event.run_id.empty() ? "unknown" : event.run_id) + ", attempt " +
           std::to_string(event.run_attempt) + ", head commit " +
           (event.head_commit.empty() ? "none" : event.head_commit) +
           (event.trust == Trust::outside ? ", from outside" : ", of the repository");
  });
  trace([&] {
    return "identity " + event.identity.kind + " \"" + shortened(event.identity.value, 200) +
           "\", by " + source_of_identity(subject, settings, from_payload) + "; its ref is " +
           subject.ref;
  });
}

void complete(const Invocation& call, Subject& subject, const Settings& settings,
              const std::string& label_commit) {
  subject.scope.identity = subject.event.identity;
  subject.scope.trust = subject.event.trust;
  if (settings.identity.empty())
    subject.scope.repository = repository_beside(call, settings, subject.event);
  if (!settings.share.empty()) {
    subject.scope.share = settings.share;
    subject.scope.share_is_name = true;
    subject.scope.job.clear();
    subject.scope.dimensions.clear();
  }
  for (const auto& [name, value] : settings.dimensions)
    subject.scope.dimensions[name] = value;
  if (subject.scope.share.empty())
    throw UsageError("it is not known which workflow asks: give --workflow, or --share");
  subject.ref = claim_ref(subject.scope, settings.name_space);
  if (auto page =
          numbered_run_page(call.environment, subject.event.repository, subject.event.run_id))
    subject.event.run_url = std::move(*page);

  const Event& event = subject.event;
  Request& request = subject.request;
  request.holder = {event.run_id,
                    event.run_attempt,
                    event.job,
                    settings.job_index,
                    event.run_url,
                    event.actor,
                    job_instance(call.environment)};
  request.first_door = subject.ref;
  if (subject.scope.share_is_name) request.workflow_file = event.workflow_file;
  request.in_run = call.environment.in_actions();
  request.tells_jobs = request.in_run && !subject.scope.share_is_name;
  request.named = settings.claim_id;
  request.joined_by = joined_by(subject, settings);
  if (settings.identity.empty()) request.covers = event.covers;
  // Where a claim is likely, a look costs less than a push that is refused.
  request.look_first = !request.named.empty() || event.run_attempt > 1 ||
                       event.kind == "workflow_run" ||
                       (!event.covers.empty() && event.trust == Trust::repository);
  request.event = event.kind;
  request.workflow = event.workflow;
  request.commit = event.head_commit;
  request.scope = subject.ref;
  request.session_key = session_key(event.workflow.empty() ? subject.scope.share : event.workflow,
                                    event.kind, label_commit);
  request.nonce = fresh_nonce();
  request.rerun_by_person = event.run_attempt > 1 && !event.triggering_actor_is_bot;
}

/// Of an event that brings code to a branch, what it changes; else, and where that cannot be asked,
/// it stays told by its event: one more launch, never a muted one.
void tell_by_change(const Invocation& call, const Settings& settings, Subject& subject) {
  const std::string& kind = subject.event.kind;
  if (!subject.event.about_commit || subject.event.entity.kind == EntityKind::tag ||
      (kind != "push" && kind != "merge_group" && kind != "pull_request" &&
       kind != "pull_request_target"))
    return;
  const AskedPatch asked = ask_patch(call, settings, subject.event);
  subject.request.same_change = asked.digest.has_value();
  if (asked.digest)
    identify_by_patch(subject.event, *asked.digest);
  else
    subject.request.aside =
        "Told by its event, not by its change (--identity-by patch): " + asked.wrong;
}

/// A fault of the payload is told with its file, and none leaves open what came of it.
[[noreturn]] void refuse(const EventError& error, const std::string& payload_path) {
  static constexpr std::string_view subject = "The event's payload ";
  std::string text = error.message;
  if (text.starts_with(subject) && !payload_path.empty())
    text.insert(subject.size(), payload_path + " ");
  if (text.ends_with('.')) text.pop_back();
  throw UsageError(text + "; nothing was asked");
}

bool is_whole_commit(std::string_view commit) { return commit.size() == 40 || commit.size() == 64; }

/// The whole id is another piece of work than its beginning.
void require_whole_commit(const Settings& settings, const Event& event) {
  if (settings.sha.empty() || is_whole_commit(settings.sha) || event.head_commit != settings.sha)
    return;
  throw UsageError("sha is \"" + settings.sha +
                   "\", the beginning of a commit's object id, which would be other work than the "
                   "whole one; give \"$(git rev-parse " +
                   settings.sha + ")\"; nothing was asked");
}

}  // namespace

/// The runner makes one RUNNER_TRACKING_ID for each job that it runs, and hands it to no step in a
/// container; there the action passes the id of the job's check run (`job.check_run_id`).
std::string job_instance(const Environment& environment) {
  if (!environment.in_actions()) return {};
  std::string id = environment.get("RUNNER_TRACKING_ID");
  if (id.empty()) id = environment.get("REFGATE_CHECK_RUN");
  return id.empty() ? id : sha256_hex(id).substr(0, 16);
}

Subject subject_of(const Invocation& call, const Settings& settings) {
  RunnerEnvironment runner = runner_environment(call.environment);
  // A payload describes the run's own event only.
  const bool own_event = settings.event.empty() || settings.event == runner.event_name;
  std::string payload;
  const std::string path = own_event ? call.environment.get("GITHUB_EVENT_PATH") : std::string();
  if (!path.empty()) payload = read_payload(path);
  if (!own_event) runner.sha.clear(), runner.ref.clear();
  if (!settings.event.empty()) runner.event_name = settings.event;
  if (!settings.run_id.empty()) runner.run_id = settings.run_id;
  if (!settings.run_attempt.empty()) runner.run_attempt = settings.run_attempt;
  if (!settings.job.empty()) runner.job = settings.job;
  if (!settings.workflow.empty()) runner.workflow = settings.workflow, runner.workflow_ref.clear();
  if (!call.environment.in_actions() && payload.empty())
    if (const auto missing = missing_words(call, settings, runner)) throw UsageError(*missing);
  if (runner.event_name.empty())
    throw UsageError(
        "it is not known which event triggered the run: give --event, or run in GitHub Actions");

  Subject subject;
  auto parsed =
      parse_event(payload, runner, {settings.sha, settings.identity, settings.identity_by});
  if (const auto* error = std::get_if<EventError>(&parsed)) refuse(*error, path);
  subject.event = std::get<Event>(std::move(parsed));
  require_whole_commit(settings, subject.event);
  if (settings.identity_by == IdentityBy::patch && settings.identity.empty())
    tell_by_change(call, settings, subject);
  subject.scope.share = workflow_share(subject.event);
  subject.scope.job = subject.event.job;
  subject.scope.dimensions = settings.matrix;
  complete(call, subject, settings, subject.event.head_commit);
  trace_subject(subject, settings, !payload.empty());
  return subject;
}

std::string commit_as_told(const std::string& commit) {
  return is_commit_name(commit) ? in_lower_case(commit) : commit;
}

void warn_of_commit(const Invocation& call, const std::string& commit) {
  if (is_whole_commit(commit) && is_commit_name(commit)) return;
  const std::string shown = escape_for(Place::line, brief(commit));
  if (is_commit_name(commit))
    call.err << "refgate: \"" << shown
             << "\" is the beginning of a commit's object id, and other work than the whole one. "
                "Give \"$(git rev-parse "
             << shown << ")\"\n";
  else
    call.err << "refgate: \"" << shown
             << "\" is no commit's object id: whatever is called so is one piece of work. Give the "
                "id, such as \"$(git rev-parse HEAD)\"\n";
}

Subject positional_subject(const Invocation& call, const Settings& settings, const ToldWork& work) {
  const auto& [event, workflow, said_commit, run_id] = work;
  const std::string commit = commit_as_told(said_commit);
  RunnerEnvironment runner = runner_environment(call.environment);
  const std::string path = call.environment.get("GITHUB_EVENT_PATH");
  const bool of_this_run = call.environment.in_actions() && !path.empty() &&
                           event == runner.event_name && commit == commit_as_told(runner.sha) &&
                           (run_id.empty() || run_id == runner.run_id);
  std::string payload;
  EventOverrides overrides;
  if (of_this_run) {
    payload = read_payload(path);
  } else {
    const RunnerEnvironment around = runner;
    runner = {};
    runner.repository = around.repository;
    if (run_id == around.run_id && !run_id.empty()) runner = around;
    runner.sha.clear();
    runner.ref.clear();
    overrides.head_commit = commit.empty() ? "unknown" : commit;
  }
  runner.event_name = event;
  runner.workflow = workflow;
  runner.workflow_ref.clear();
  runner.run_id = run_id;
  if (!settings.identity.empty()) overrides.identity = settings.identity;
  overrides.identity_by = IdentityBy::told_commit;

  warn_of_commit(call, commit);

  Subject subject;
  // Any text is an event here, as it is for the original; what the table does not know, or needs a
  // payload for, is told apart by name and commit.
  auto parsed = parse_event(payload, runner, overrides);
  if (std::holds_alternative<EventError>(parsed) && !of_this_run) {
    overrides.identity = event + "\n" + commit;
    parsed = parse_event(payload, runner, overrides);
  }
  if (const auto* error = std::get_if<EventError>(&parsed))
    refuse(*error, of_this_run ? path : std::string());
  subject.event = std::get<Event>(std::move(parsed));
  if (subject.event.head_commit.empty()) subject.event.head_commit = commit;
  subject.scope.share = workflow;
  complete(call, subject, settings, commit);
  trace_subject(subject, settings, of_this_run);
  subject.request.window_only = true;
  subject.request.tells_jobs = false;
  return subject;
}

bool token_may_only_read(const Invocation& call) {
  std::string payload;
  try {
    if (const std::string path = call.environment.get("GITHUB_EVENT_PATH"); !path.empty())
      payload = read_payload(path);
  } catch (const UsageError&) {
    // Then only the environment tells.
  }
  return may_only_read(payload, runner_environment(call.environment));
}

bool is_of_job(const ClaimNote& note, const Holder& holder, const JobState& state) {
  const Holder& theirs = note.claim.holder;
  return note.runner_job == state.runner_job() && theirs.run_id == holder.run_id &&
         theirs.run_attempt == holder.run_attempt && theirs.job == holder.job &&
         theirs.job_index == holder.job_index;
}

Ownership ownership_of(const std::string& ref, const JobState& state,
                       const std::function<bool(const ClaimNote&)>& matches) {
  Ownership own;
  for (const ClaimNote& note : state.notes()) {
    if (!is_door_of(ref, note.ref) || note.is_over() || !matches(note)) continue;
    own.presented.push_back(note.claim.claim_id);
    own.ref = note.ref;
    // Only a copy that makes the very object which the swap expects says what stands there.
    const bool proven = note.version && version_of(claim_snapshot(note.claim)) == *note.version;
    own.known = proven ? SeenClaim{note.claim, note.version} : SeenClaim{};
  }
  return own;
}

std::optional<Subject> own_subject(const Invocation& call, const Settings& settings) {
  try {
    return subject_of(call, settings);
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

}  // namespace refgate
