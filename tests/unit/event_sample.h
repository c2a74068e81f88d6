#pragma once
// What the tests of events share: a runner's environment, and payloads in short.

#include <string>
#include <variant>

#include "catch.h"
#include "core/event/event.h"

namespace event_sample {

using namespace refgate;

inline const std::string sha_a(40, 'a');
inline const std::string sha_b(40, 'b');
inline const std::string sha_merge(40, 'c');
inline const std::string sha_null(40, '0');

inline RunnerEnvironment runner(const std::string& event) {
  RunnerEnvironment environment;
  environment.event_name = event;
  environment.repository = "octo/repo";
  environment.server_url = "https://github.com";
  environment.actor = "mona";
  environment.sha = sha_merge;
  environment.ref = "refs/heads/main";
  environment.run_id = "42";
  environment.run_attempt = "1";
  environment.workflow = "Agent";
  environment.workflow_ref = "octo/repo/.github/workflows/agent.yml@refs/heads/main";
  environment.job = "gate";
  return environment;
}

// Payloads are written with ' for ", and $A, $B and $0 for object ids.
inline std::string json(std::string text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'')
      out += '"';
    else if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == 'A')
      out += sha_a, ++i;
    else if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == 'B')
      out += sha_b, ++i;
    else if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '0')
      out += sha_null, ++i;
    else
      out += text[i];
  }
  return out;
}

inline Event parsed(const std::string& event, const std::string& payload,
                    const EventOverrides& overrides = {}) {
  auto result = parse_event(json(payload), runner(event), overrides);
  if (auto* error = std::get_if<EventError>(&result)) FAIL(event << ": " << error->message);
  return std::get<Event>(result);
}

inline std::string refused(const std::string& payload, const RunnerEnvironment& environment,
                           const EventOverrides& overrides = {}) {
  auto result = parse_event(payload, environment, overrides);
  if (auto* error = std::get_if<EventError>(&result)) return error->message;
  FAIL("an event was made of " << payload.substr(0, 200));
  return {};
}

inline std::string pull_request(const std::string& more,
                                const std::string& head_repo = "{'id':1,'full_name':'octo/repo'}") {
  return "{" + more +
         "'pull_request':{'number':7,'updated_at':'2026-01-01T00:00:00Z','head':{'sha':'$A','ref':'"
         "topic','repo':" +
         head_repo + "},'base':{'ref':'main','repo':{'id':1,'full_name':'octo/repo'}}}}";
}

}  // namespace event_sample
