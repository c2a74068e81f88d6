// Any payload under any event's name gives an event that keeps its promises, or one sentence.
//
// Input: a digit of flags and the event's name on the first line, then the payload. Flag 1 names a
// commit, 2 an identity; with 4 the second line is the value of every variable of the runner.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "core/event/event.h"
#include "core/event/scope.h"
#include "core/text/digest.h"

namespace {

using namespace refgate;

// Not assert: that would vanish in a release build.
void demand(bool holds) {
  if (!holds) std::abort();
}

void check_event(const Event& event, const EventOverrides& overrides) {
  demand(!event.identity.kind.empty() && !event.identity.value.empty());
  demand(event.identity.kind.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos);
  demand(event.identity.value.size() <= max_event_text_bytes &&
         event.identity.value.find('\0') == std::string::npos);
  demand(event.exempt == (event.identity.kind == "run") &&
         event.exempt == !event.exempt_because.empty());
  demand(event.head_commit == overrides.head_commit || event.head_commit.empty() ||
         is_object_id(event.head_commit));
  demand(event.run_attempt > 0);
  demand(event.actor.size() <= max_event_text_bytes &&
         event.entity.value.size() <= 2 * max_event_text_bytes + 1);
  Scope scope;
  scope.identity = event.identity;
  scope.share = event.workflow_file;
  scope.trust = event.trust;
  demand(!claim_ref(scope, "refgate").empty());
}

std::string_view take_line(std::string_view& input) {
  const auto end = input.find('\n');
  const auto line = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const auto flags = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  const std::string_view name = take_line(input);

  RunnerEnvironment environment;
  environment.event_name = name;
  environment.repository = "octo/repo";
  environment.server_url = "https://github.example";
  environment.sha = std::string(40, 'f');
  environment.run_id = "1";
  if (flags & 4) {
    const std::string line(take_line(input));
    environment.repository = environment.server_url = environment.sha = environment.ref =
        environment.actor = line;
    environment.run_id = environment.run_attempt = environment.workflow = environment.workflow_ref =
        environment.job = line;
  }
  EventOverrides overrides;
  if (flags & 1) overrides.head_commit = "any text";
  if (flags & 2) overrides.identity = "mine";

  const auto first = parse_event(input, environment, overrides);
  if (const auto* error = std::get_if<EventError>(&first)) {
    demand(!error->message.empty() && error->message.size() < 4096);
    return 0;
  }
  const auto& event = std::get<Event>(first);
  check_event(event, overrides);
  const auto second = parse_event(input, environment, overrides);
  demand(std::holds_alternative<Event>(second) &&
         std::get<Event>(second).identity == event.identity);
  return 0;
}
