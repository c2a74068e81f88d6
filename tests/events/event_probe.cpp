// Runs the event parser on what a test hands it, without the command line around it.
//
//   event_probe [PAYLOAD] < ENVIRONMENT    prints {"event": {…}} and exits 0, or {"error": "…"} and
//   exits 1
//   event_probe --table                    prints the table of events as a list
//   event_probe --pairs < LINES            a line {"environment": {…}, "payload": {…}} for each
//   event: prints {"events": […], "skips": [[i, j, how i ended, code], …]}, a skip for each of all
//   pairs in which the run of event i holds, or has done, what the run of event j asks for
//
// ENVIRONMENT is a JSON object of the runner's variables; REFGATE_SHA and REFGATE_IDENTITY in it
// stand for the caller's overrides, and REFGATE_GROUP_BY for the ordering strategies to tell the
// groups of, a line each.

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/claim/transition.h"
#include "core/decision/decision.h"
#include "core/decision/doors.h"
#include "core/event/event.h"
#include "core/event/ordering.h"
#include "core/event/scope.h"

namespace {

using nlohmann::json;
using namespace refgate;

std::string all_of(std::istream& in) { return {std::istreambuf_iterator<char>(in), {}}; }

json table() {
  json rows = json::array();
  for (const auto& row : event_table())
    rows.push_back({{"name", row.name},
                    {"entity", row.entity},
                    {"identity", row.identity},
                    {"exempt_because", row.exempt_because}});
  return rows;
}

json shown(const Event& event) {
  static constexpr std::array entities = {"none",   "pull_request", "issue",   "discussion",
                                          "branch", "tag",          "release", "repository"};
  return {
      {"kind", event.kind},
      {"action", event.action},
      {"repository", event.repository},
      {"actor", event.actor},
      {"triggering_actor", event.triggering_actor},
      {"triggering_actor_is_bot", event.triggering_actor_is_bot},
      {"entity",
       {{"kind", entities.at(static_cast<std::size_t>(event.entity.kind))},
        {"value", event.entity.value}}},
      {"head_commit", event.head_commit},
      {"identity", {{"kind", event.identity.kind}, {"value", event.identity.value}}},
      {"exempt", event.exempt},
      {"exempt_because", event.exempt_because},
      {"trust", event.trust == Trust::repository ? "repository" : "fork"},
      {"run_id", event.run_id},
      {"run_attempt", event.run_attempt},
      {"workflow", event.workflow},
      {"workflow_file", event.workflow_file},
      {"job", event.job},
      {"run_url", event.run_url},
  };
}

/// The group of the event by each strategy that REFGATE_GROUP_BY lists, a line each, at the second
/// REFGATE_NOW; null where it has none.
json groups(const Event& event, std::string_view strategies, const std::string& now) {
  json all = json::object();
  const Instant at{std::chrono::seconds(now.empty() ? 0 : std::stoll(now))};
  while (!strategies.empty()) {
    const std::size_t end = std::min(strategies.find('\n'), strategies.size());
    const std::string name(strategies.substr(0, end));
    strategies.remove_prefix(std::min(end + 1, strategies.size()));
    const auto strategy = parse_strategy(name);
    if (const auto* error = std::get_if<std::string>(&strategy)) {
      all[name] = {{"error", *error}};
      continue;
    }
    const auto key = group_key(std::get<Strategy>(strategy), event, at);
    all[name] = key ? json{{"key", *key}, {"ref", queue_ref(*key, "refgate")}} : json();
  }
  return all;
}

RunnerEnvironment environment_of(const json& given) {
  const auto variable = [&](const char* name) { return given.value(name, std::string()); };
  RunnerEnvironment environment;
  environment.event_name = variable("GITHUB_EVENT_NAME");
  environment.repository = variable("GITHUB_REPOSITORY");
  environment.server_url = variable("GITHUB_SERVER_URL");
  environment.actor = variable("GITHUB_ACTOR");
  environment.triggering_actor = variable("GITHUB_TRIGGERING_ACTOR");
  environment.sha = variable("GITHUB_SHA");
  environment.ref = variable("GITHUB_REF");
  environment.run_id = variable("GITHUB_RUN_ID");
  environment.run_attempt = variable("GITHUB_RUN_ATTEMPT");
  environment.workflow = variable("GITHUB_WORKFLOW");
  environment.workflow_ref = variable("GITHUB_WORKFLOW_REF");
  environment.job = variable("GITHUB_JOB");
  return environment;
}

/// What one job of a run of its own asks with.
Request request_of(const Event& event, std::size_t number) {
  Scope scope;
  scope.identity = event.identity;
  scope.repository = event.repository;
  scope.share = event.workflow_file;
  scope.job = event.job;
  scope.trust = event.trust;
  Request request;
  request.first_door = request.scope = claim_ref(scope, "refgate");
  request.covers = event.covers;
  request.event = event.kind;
  request.workflow = event.workflow;
  request.commit = event.head_commit;
  request.session_key = "k";
  request.holder.run_id = "run " + std::to_string(number);
  request.holder.job = event.job;
  request.nonce = std::to_string(number);
  request.in_run = request.tells_jobs = true;
  return request;
}

/// What each event is told after each other one, which holds its work or has ended with it.
json skips_of(const std::vector<Request>& requests) {
  const Instant then = *parse_rfc3339("2026-11-22T00:00:00Z");
  const Instant now = then + std::chrono::minutes(1);
  const Policy policy;
  json skips = json::array();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Claim live = *decide(std::nullopt, requests[i], policy, then).next;
    const std::array<std::pair<const char*, Claim>, 3> ends{
        {{"live", live},
         {"success", end_claim(live, ClaimOutcome::success, "success", then)},
         {"failure", end_claim(live, ClaimOutcome::failure, "failure", then)}}};
    for (std::size_t j = 0; j < requests.size(); ++j) {
      if (i == j || !is_door_of(requests[j].first_door, requests[i].scope)) continue;
      for (const auto& [how, claim] : ends) {
        const std::array doors{ClaimAtDoor{requests[i].scope, claim}};
        const Door door = choose_door(requests[j], doors, now);
        Request asking = requests[j];
        asking.scope = door.ref;
        const Decision decision =
            decide(door.there == nullptr ? std::nullopt : std::optional(door.there->claim), asking,
                   policy, now);
        if (decision.verdict == Verdict::skip)
          skips.push_back({i, j, how, std::string(name_of(decision.code))});
      }
    }
  }
  return skips;
}

json pairs_of(std::istream& lines) {
  json events = json::array();
  std::vector<Request> requests;
  for (std::string line; std::getline(lines, line);) {
    const json given = json::parse(line);
    const auto parsed =
        parse_event(given.at("payload").dump(), environment_of(given.at("environment")));
    if (const auto* error = std::get_if<EventError>(&parsed)) return {{"error", error->message}};
    const Event& event = std::get<Event>(parsed);
    events.push_back(shown(event));
    for (const auto& [number, base] : event.covers)
      events.back()["covers"].push_back(number + " on " + base);
    requests.push_back(request_of(event, requests.size()));
  }
  return {{"events", std::move(events)}, {"skips", skips_of(requests)}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string argument = argc > 1 ? argv[1] : "";
  if (argument == "--table") {
    std::cout << table().dump() << '\n';
    return 0;
  }
  if (argument == "--pairs") {
    std::cout << pairs_of(std::cin).dump() << '\n';
    return 0;
  }
  const json given = json::parse(all_of(std::cin));
  const auto variable = [&](const char* name) { return given.value(name, std::string()); };
  const RunnerEnvironment environment = environment_of(given);

  std::string payload;
  if (!argument.empty()) {
    std::ifstream file(argument, std::ios::binary);
    if (!file) {
      std::cerr << "cannot read " << argument << '\n';
      return 2;
    }
    payload = all_of(file);
  }
  const auto result =
      parse_event(payload, environment, {variable("REFGATE_SHA"), variable("REFGATE_IDENTITY")});
  if (const auto* error = std::get_if<EventError>(&result)) {
    std::cout << json{{"error", error->message}}.dump() << '\n';
    return 1;
  }
  json answer = {{"event", shown(std::get<Event>(result))}};
  if (given.contains("REFGATE_GROUP_BY"))
    answer["groups"] =
        groups(std::get<Event>(result), variable("REFGATE_GROUP_BY"), variable("REFGATE_NOW"));
  std::cout << answer.dump() << '\n';
  return 0;
}
