// Runs the event parser on what a test hands it, without the command line around it.
//
//   event_probe [PAYLOAD] < ENVIRONMENT    prints {"event": {…}} and exits 0, or {"error": "…"} and
//   exits 1 event_probe --table                    prints the table of events as a list
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
#include <variant>

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

}  // namespace

int main(int argc, char** argv) {
  const std::string argument = argc > 1 ? argv[1] : "";
  if (argument == "--table") {
    std::cout << table().dump() << '\n';
    return 0;
  }
  const json given = json::parse(all_of(std::cin));
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
