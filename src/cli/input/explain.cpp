// Why an event would run or skip, without touching anything.

#include "cli/input/explain.h"

#include <ostream>

#include "call/commands.h"
#include "call/json_output.h"
#include "cli/input/explain_target.h"
#include "core/decision/following.h"
#include "core/event/scope.h"
#include "core/text/json.h"
#include "job/gate/informants.h"
#include "job/gate/pausing.h"
#include "job/gate/place_in_line.h"
#include "job/gate/waiting.h"
#include "job/subject/subject.h"
#include "runner/runner.h"
#include "state/doors.h"
#include "state/queues.h"
#include "view/claim_view.h"
#include "view/screen.h"
#include "view/table.h"

namespace refgate {
namespace {

using nlohmann::ordered_json;

std::string_view name_of_kind(EntityKind kind) {
  switch (kind) {
    case EntityKind::none:
      return "none";
    case EntityKind::pull_request:
      return "pull_request";
    case EntityKind::issue:
      return "issue";
    case EntityKind::discussion:
      return "discussion";
    case EntityKind::branch:
      return "branch";
    case EntityKind::tag:
      return "tag";
    case EntityKind::release:
      return "release";
    case EntityKind::repository:
      return "repository";
  }
  return {};
}

/// What is known of the line that the event would stand in.
struct InLine {
  std::size_t behind = 0;  ///< tickets
  std::string head;        ///< for people
};

/// What is known of the pool that the event would take a slot of.
struct Pool {
  std::size_t in_use = 0;
  std::size_t waiting = 0;
  std::optional<Instant> closed_until;
};

struct Explained {
  Subject subject;
  Ordering ordering;
  bool asked = false;
  SeenClaim seen;
  InLine line;
  Pool pool;
  Decision decision;

  bool has_no_slot() const { return pool.in_use + pool.waiting >= ordering.slots; }
};

Pool look_at_pool(Store& store, const std::string& ref, Instant at) {
  Pool pool;
  const SeenQueue seen = queue_in(store.read(std::span(&ref, 1)), ref);
  if (!seen.queue) return pool;
  pool.closed_until = closed_until(*seen.queue, at);
  std::vector<std::string> refs;
  for (const Ticket& ticket : seen.queue->tickets)
    refs.push_back(ticket.claim_ref);
  if (refs.empty()) return pool;
  const auto read = store.read(refs);
  for (const Ticket& ticket : seen.queue->tickets) {
    const auto claim = claim_at(read, ticket.claim_ref);
    // What is not understood counts as alive.
    const SlotState state =
        is_foreign(read, ticket.claim_ref) ? SlotState::in_use : slot_state(ticket, claim, ref, at);
    if (state != SlotState::gone) ++(state == SlotState::waiting ? pool.waiting : pool.in_use);
  }
  return pool;
}

Explained explain(const Invocation& call, const Settings& settings) {
  const Invocation about = with_payload(call, settings);
  Explained explained{subject_of(about, settings), {}, !call.flag("offline"), {}, {}, {}, {}};
  const Instant at = now();
  explained.ordering = ordering_of(settings, explained.subject, at);
  Request& request = explained.subject.request;
  Surroundings around;
  if (explained.asked) {
    const auto store = store_of(call, settings);
    const Settings asking = asking_in_line(settings, explained.ordering);
    const Informants informants = informants_of(call, explained.subject, asking, *store,
                                                newest_look(explained.subject, asking));
    const JobState state(settings, call.environment);
    request.presented = ownership_of(explained.subject.ref, state, [&](const ClaimNote& note) {
                          return state.belongs_to_job() && is_of_job(note, request.holder, state);
                        }).presented;
    const std::string line = explained.ordering.group.empty()
                                 ? std::string()
                                 : queue_ref(explained.ordering.group, settings.name_space);
    explained.seen = look_at_doors(*store, request, Meeting::leave);
    if (!line.empty()) {
      const SeenQueue queue = queue_in(store->read(std::span(&line, 1)), line);
      if (queue.queue && !queue.queue->tickets.empty()) {
        explained.line.behind = queue.queue->tickets.size();
        explained.line.head =
            queue.queue->tickets.front().event + ", run " + queue.queue->tickets.front().run_id;
      }
    }
    if (!explained.ordering.pool.empty())
      explained.pool = look_at_pool(*store, explained.ordering.pool, at);
    if (informants.governed) around = informants.governed(*store);
    explained.decision = decide(explained.seen.claim, request, settings.policy, at, around);
    // As a gate does, a holder that a skip depends on is looked after.
    const ReasonCode code = explained.decision.code;
    if (informants.holder_run && explained.seen.claim &&
        explained.seen.claim->state != ClaimState::ended &&
        (code == ReasonCode::active_session || code == ReasonCode::pr_lock)) {
      around.holder_run = informants.holder_run(*explained.seen.claim);
      explained.decision = decide(explained.seen.claim, request, settings.policy, at, around);
    }
  } else {
    explained.decision = decide(std::nullopt, request, settings.policy, at);
  }
  return explained;
}

/// A skip that only tells what enforcing would do.
bool is_only_watched(const Decision& decision, const Policy& policy) {
  return decision.verdict == Verdict::skip && policy.observe &&
         observed(decision).verdict == Verdict::run;
}

/// What `--follow` would come to; empty without it.
std::string_view told_by_follow(const Explained& explained, const Policy& policy) {
  const Decision& decision = explained.decision;
  const auto& claim = explained.seen.claim;
  if (!policy.follow || policy.observe) return {};
  if (decision.verdict == Verdict::run) return "runs";
  if (stands_for_done_work(decision, claim)) return "green";
  return is_waited_for(decision, claim, explained.subject.request) ? "waits" : "red";
}

ordered_json json_of(const Explained& explained, const Settings& settings) {
  const Event& event = explained.subject.event;
  const Scope& scope = explained.subject.scope;
  ordered_json parts = ordered_json::array();
  for (const auto& [name, text] : event.identity_parts)
    if (!text.empty()) parts.push_back({{"name", name}, {"value", text}});
  ordered_json covers = ordered_json::array();
  for (const auto& [number, base] : event.covers)
    covers.push_back({{"number", number}, {"base", base}});
  ordered_json value;
  value["version"] = json_version;
  value["event"] = {
      {"kind", event.kind},
      {"action", event.action},
      {"repository", event.repository},
      {"actor", event.actor},
      {"entity", {{"kind", name_of_kind(event.entity.kind)}, {"value", event.entity.value}}},
      {"head_commit", event.head_commit},
      {"identity", {{"kind", event.identity.kind}, {"value", event.identity.value}}},
      {"identity_parts", parts},
      {"covers", covers},
      {"twin", event.twin},
      {"exempt", event.exempt},
      {"exempt_because", event.exempt_because},
      {"trust", event.trust == Trust::outside ? "outside" : "repository"},
      {"run_id", event.run_id},
      {"run_attempt", event.run_attempt}};
  value["scope"] = {{"share", scope.share},
                    {"share_is_name", scope.share_is_name},
                    {"dimensions", scope.dimensions},
                    {"ref", explained.subject.ref},
                    {"door", explained.subject.request.scope},
                    {"session_key", explained.subject.request.session_key}};
  value["ordering"] = {{"strategy", explained.ordering.strategy},
                       {"group", explained.ordering.group}};
  if (!explained.ordering.group.empty()) {
    value["ordering"]["ref"] = queue_ref(explained.ordering.group, settings.name_space);
    if (explained.asked) value["ordering"]["in_line"] = explained.line.behind;
  }
  if (!explained.ordering.pool.empty()) {
    value["slots"] = {{"pool", pool_named(explained.ordering.pool)},
                      {"ref", explained.ordering.pool},
                      {"most", explained.ordering.slots}};
    if (explained.asked) {
      const Pool& pool = explained.pool;
      value["slots"]["in_use"] = pool.in_use;
      value["slots"]["waiting"] = pool.waiting;
      value["slots"]["closed_until"] =
          pool.closed_until ? ordered_json(format_rfc3339(*pool.closed_until)) : ordered_json();
    }
  }
  value["asked"] = explained.asked;
  value["state"] = nullptr;
  if (explained.seen.claim)
    value["state"] = ordered_json::parse(claim_json(
        {explained.subject.request.scope, *explained.seen.version, *explained.seen.claim}, now()));
  value["settle"] = explained.ordering.settles
                        ? ordered_json(format_duration(settings.policy.settle))
                        : ordered_json();
  const bool runs = explained.decision.verdict == Verdict::run;
  const bool watched = is_only_watched(explained.decision, settings.policy);
  const std::string_view follow = told_by_follow(explained, settings.policy);
  value["decision"] = {
      {"verdict", runs || watched ? "run" : "skip"},
      {"until", explained.decision.until ? ordered_json(format_rfc3339(*explained.decision.until))
                                         : ordered_json()},
      {"observed", settings.policy.observe},
      {"would_skip", watched},
      {"follow", follow.empty() ? ordered_json() : ordered_json(follow)},
      {"rule", explained.decision.rule},
      {"reason_code", name_of(explained.decision.code)},
      {"reason", explained.decision.reason}};
  return value;
}

void print(const Invocation& call, const Explained& explained, const Settings& settings) {
  const Event& event = explained.subject.event;
  const Scope& scope = explained.subject.scope;
  const Screen screen = screen_of(call);
  const auto line = [&](std::string_view name, const std::string& text,
                        std::string_view word = "") {
    call.out << labelled(name, text, screen, word);
  };
  line("Event", event.kind + (event.action.empty() ? "" : " (" + event.action + ")") +
                    (event.repository.empty() ? "" : " of " + event.repository) +
                    (event.actor.empty() ? "" : " by " + event.actor));
  line("About", std::string(name_of_kind(event.entity.kind)) +
                    (event.entity.value.empty() ? "" : " " + event.entity.value));
  line("Identity",
       event.identity.kind + " " + event.identity.value +
           (event.exempt ? ", never a duplicate: " + event.exempt_because : std::string()));
  line("Trust", event.trust == Trust::outside ? "from outside: it mutes no run of the repository"
                                              : "the repository's own");
  std::string share = (scope.share_is_name ? "share " : "workflow ") + scope.share;
  for (const auto& [name, value] : scope.dimensions)
    share += ", " + name + "=" + value;
  line("Shared by", share);
  std::string parts;
  for (const auto& [name, value] : event.identity_parts)
    if (!value.empty()) parts += (parts.empty() ? "" : ", ") + name + " " + value;
  line("Of", parts);
  for (const auto& [number, base] : event.covers)
    line("For", "pull request " + number + " into " + base);
  line("Twin", event.twin.empty() ? "none" : event.twin);
  line("Ref", explained.subject.ref);
  if (explained.subject.request.scope != explained.subject.ref)
    line("Door", explained.subject.request.scope);
  if (explained.ordering.group.empty())
    line("Order", explained.ordering.strategy == "none"
                      ? "none"
                      : "none: " + explained.ordering.strategy + " finds no group for this event");
  else
    line("Order", "group " + explained.ordering.group + " (" + explained.ordering.strategy + "), " +
                      queue_ref(explained.ordering.group, settings.name_space));
  if (!explained.asked) {
    line("State", "not asked (--offline)");
  } else {
    const auto& claim = explained.seen.claim;
    line("State", claim ? state_text(*claim, now()) + ", " + describe_holder(*claim, now())
                        : "nothing is stored");
    if (explained.line.behind > 0)
      line("In line",
           std::to_string(explained.line.behind) + ", at the head " + explained.line.head);
  }
  if (const auto& [strategy, group, limits, ref, most, calm] = explained.ordering; !ref.empty())
    line("Slots",
         std::to_string(most) + " of " + pool_named(ref) +
             (explained.asked ? ", " + std::to_string(explained.pool.in_use) + " in use, " +
                                    std::to_string(explained.pool.waiting) + " waiting"
                              : std::string()) +
             ", " + ref);
  if (const auto& settles = explained.ordering.settles)
    line("Settle", "it waits until no newer head of " + settles->arrival.branch + " has come for " +
                       format_duration(settings.policy.settle));
  const bool runs = explained.decision.verdict == Verdict::run;
  const bool would_skip = is_only_watched(explained.decision, settings.policy);
  std::string decision = std::string(would_skip ? "run, observed; enforcing would skip"
                                     : runs     ? "run"
                                                : "skip") +
                         " (" + std::string(name_of(explained.decision.code)) +
                         "): " + explained.decision.reason;
  if (!explained.asked) decision += ", if nothing is stored";
  const bool no_slot = !explained.ordering.pool.empty() && explained.has_no_slot();
  if (runs && (explained.line.behind > 0 || no_slot))
    decision += settings.policy.observe ? "; enforcing would wait, or skip (queued)"
                : settings.policy.no_wait
                    ? "; but others are in line, so that it is told to skip (queued)"
                : no_slot ? "; when a slot is free"
                          : "; after those in line";
  line("Rule", std::string(explained.decision.rule));
  line("Decision", decision, runs ? "run" : "skip");
  const std::string_view follow = told_by_follow(explained, settings.policy);
  if (follow == "waits") line("Follow", "it would wait for that work, and end as it does");
  if (follow == "green") line("Follow", "green, since that work has ended with success");
  if (follow == "red") line("Follow", "red (exit 1), since nobody has done that work");
}

}  // namespace

Invocation with_payload(const Invocation& call, const Settings& settings) {
  const std::string path = call.option("payload");
  if (path.empty()) return call;
  auto variables = call.environment.variables();
  // The run that asks, if there is one, is not the one that the payload is of.
  if (!settings.event.empty() && settings.event != call.environment.get("GITHUB_EVENT_NAME")) {
    variables["GITHUB_EVENT_NAME"] = settings.event;
    variables.erase("GITHUB_SHA");
    variables.erase("GITHUB_REF");
  }
  variables["GITHUB_EVENT_PATH"] = path;
  return {call.command, call.arguments, call.options, Environment(std::move(variables)),
          call.out,     call.err};
}

int command_explain(const Invocation& call) {
  const Settings settings = settings_of(call);
  if (!call.arguments.front().empty()) return explain_target(call, settings);
  const Explained explained = explain(call, settings);
  if (call.flag("json"))
    call.out << shown_json(json_of(explained, settings), 1) << "\n";
  else
    print(call, explained, settings);
  return exit_done;
}

}  // namespace refgate
