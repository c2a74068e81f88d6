#include "lint/github/facts_reader.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/text/nearest.h"

namespace refgate::lint {
namespace {

using Problem = std::optional<SyntaxProblem>;

Problem unknown_key(YamlNode key, const std::vector<std::string_view>& known) {
  return SyntaxProblem{unknown_word(key.text(), known), key.place()};
}

Problem add_texts(const Entry& entry, std::vector<std::string>& texts) {
  if (entry.value.is_scalar()) {
    texts.emplace_back(entry.value.text());
    return std::nullopt;
  }
  if (!entry.value.is_sequence())
    return SyntaxProblem{"`" + std::string(entry.key.text()) + "` is a list of texts",
                         entry.value.place()};
  for (const YamlNode item : entry.value.items()) {
    if (!item.is_scalar()) return SyntaxProblem{"a text is expected here", item.place()};
    texts.emplace_back(item.text());
  }
  return std::nullopt;
}

Problem read_flag(const Entry& entry, bool& flag) {
  const auto value = entry.value.boolean();
  if (!value)
    return SyntaxProblem{"`" + std::string(entry.key.text()) + "` is true or false",
                         entry.value.place()};
  flag = *value;
  return std::nullopt;
}

Problem add_check(YamlNode node, Facts& facts) {
  AgentActionFact fact;
  for (const Entry& entry : node.entries()) {
    const std::string_view key = entry.key.text();
    Problem problem;
    if (key == "uses") {
      fact.uses = entry.value.text();
    } else if (key == "asks-for-write") {
      problem = read_flag(entry, fact.asks_for_write);
    } else if (key == "open-input") {
      fact.open_input = entry.value.text();
    } else if (key == "turns-bots-away") {
      problem = read_flag(entry, fact.turns_bots_away);
    } else if (key == "bots-input") {
      fact.bots_input = entry.value.text();
    } else if (key == "token-input") {
      fact.token_input = entry.value.text();
    } else if (key == "app") {
      fact.app_login = entry.value.text();
    } else if (key == "tools-input") {
      fact.tools_input = entry.value.text();
    } else if (key == "tools-words") {
      problem = add_texts(entry, fact.tools_words);
    } else {
      problem = unknown_key(
          entry.key, {"uses", "asks-for-write", "open-input", "turns-bots-away", "bots-input",
                      "token-input", "app", "tools-input", "tools-words"});
    }
    if (problem) return problem;
  }
  if (fact.uses.empty())
    return SyntaxProblem{"what an agent action checks begins with the action that it `uses`",
                         node.place()};
  facts.agent_checks.push_back(std::move(fact));
  return std::nullopt;
}

Problem add_agents(const Entry& agents, Facts& facts) {
  for (const Entry& entry : agents.value.entries()) {
    Problem problem;
    if (entry.key.text() == "actions") {
      problem = add_texts(entry, facts.agent_actions);
    } else if (entry.key.text() == "workflows") {
      problem = add_texts(entry, facts.agent_workflows);
    } else if (entry.key.text() == "commands") {
      problem = add_texts(entry, facts.agent_commands);
    } else if (entry.key.text() == "idle-arguments") {
      problem = add_texts(entry, facts.agent_idle_arguments);
    } else if (entry.key.text() == "credentials") {
      problem = add_texts(entry, facts.agent_credentials);
    } else if (entry.key.text() == "checks") {
      for (const YamlNode item : entry.value.items()) {
        if (!problem) problem = add_check(item, facts);
      }
    } else {
      problem = unknown_key(entry.key, {"actions", "workflows", "commands", "idle-arguments",
                                        "credentials", "checks"});
    }
    if (problem) return problem;
  }
  return std::nullopt;
}

Problem read_output(YamlNode node, VerdictOutput& output) {
  for (const Entry& entry : node.entries()) {
    const std::string_view key = entry.key.text();
    if (key != "name" && key != "skip" && key != "run")
      return unknown_key(entry.key, {"name", "skip", "run"});
    (key == "name" ? output.name : key == "skip" ? output.skip : output.run) = entry.value.text();
  }
  if (output.name.empty() || !node["skip"])
    return SyntaxProblem{"a gate's output has a `name` and the value that it has on a `skip`",
                         node.place()};
  return std::nullopt;
}

Problem add_gate(YamlNode node, Facts& facts) {
  GateFact gate;
  for (const Entry& entry : node.entries()) {
    const std::string_view key = entry.key.text();
    if (key == "uses") {
      gate.uses = entry.value.text();
    } else if (key == "command") {
      gate.command = entry.value.text();
    } else if (key == "input") {
      gate.input = entry.value["name"].text();
      gate.input_value = entry.value["value"].text();
      if (gate.input.empty())
        return SyntaxProblem{"an `input` has a `name` and a `value`", entry.value.place()};
    } else if (key == "outputs") {
      for (const YamlNode item : entry.value.items()) {
        if (Problem problem = read_output(item, gate.outputs.emplace_back())) return problem;
      }
    } else {
      return unknown_key(entry.key, {"uses", "command", "input", "outputs"});
    }
  }
  if (gate.uses.empty() == gate.command.empty())
    return SyntaxProblem{"a gate is known by either `uses` or `command`", node.place()};
  if (gate.outputs.empty())
    return SyntaxProblem{"a gate has `outputs` that carry its verdict", node.place()};
  facts.gates.push_back(std::move(gate));
  return std::nullopt;
}

Problem add_inputs(const Entry& inputs, Facts& facts) {
  for (const Entry& entry : inputs.value.entries()) {
    if (entry.key.text() == "commands") {
      if (Problem problem = add_texts(entry, facts.own_commands)) return problem;
      continue;
    }
    const std::string_view key = entry.key.text();
    if (key != "spans" && key != "choices" && key != "numbers")
      return unknown_key(entry.key, {"commands", "choices", "spans", "numbers"});
    for (const Entry& each : entry.value.entries()) {
      InputFact& fact = facts.inputs.emplace_back();
      fact.name = each.key.text();
      fact.form = key == "spans" ? InputFact::Form::span : InputFact::Form::choice;
      std::vector<std::string>& words = key == "spans" ? fact.limits : fact.choices;
      if (Problem problem = add_texts(each, words)) return problem;
    }
    for (const YamlNode name : entry.value.items())
      facts.inputs.push_back({std::string(name.text()), InputFact::Form::number, {}, {}});
  }
  return std::nullopt;
}

Problem add_event(const Entry& event, Facts& facts) {
  EventFact fact;
  fact.name = event.key.text();
  for (const Entry& entry : event.value.entries()) {
    const bool types = entry.key.text() == "types";
    const bool together = entry.key.text() == "with-opened";
    if (!types && !together && entry.key.text() != "default-types")
      return unknown_key(entry.key, {"types", "default-types", "with-opened"});
    if (Problem problem = add_texts(entry, types      ? fact.types
                                           : together ? fact.with_opened
                                                      : fact.default_types))
      return problem;
  }
  if (fact.default_types.empty()) fact.default_types = fact.types;
  facts.events.push_back(std::move(fact));
  return std::nullopt;
}

}  // namespace

std::optional<SyntaxProblem> add_facts(YamlNode mapping, Facts& facts) {
  if (!mapping.is_mapping()) return SyntaxProblem{"facts are a mapping", mapping.place()};
  for (const Entry& entry : mapping.entries()) {
    const std::string_view key = entry.key.text();
    Problem problem;
    if (key == "agents") {
      problem = add_agents(entry, facts);
    } else if (key == "retry-actions") {
      problem = add_texts(entry, facts.retry_actions);
    } else if (key == "gates") {
      for (const YamlNode item : entry.value.items()) {
        if (!problem) problem = add_gate(item, facts);
      }
    } else if (key == "inputs") {
      problem = add_inputs(entry, facts);
    } else if (key == "events") {
      for (const Entry& event : entry.value.entries()) {
        if (!problem) problem = add_event(event, facts);
      }
    } else {
      problem = unknown_key(entry.key, {"agents", "gates", "retry-actions", "inputs", "events"});
    }
    if (problem) return problem;
  }
  return std::nullopt;
}

}  // namespace refgate::lint
