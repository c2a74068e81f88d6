// Evaluates expressions for the comparison with GitHub's own evaluator. Reads JSON lines
// {"expression": text, "contexts": JSON text, "hidden": paths, "forgotten": paths} and answers each
// with {"error": true} or {"value": …}, where a value says its kind, so that 1, '1' and true are
// told apart. A hidden path is unknown; a forgotten property is taken out of its object, which is
// open from then on.

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "lint/expression/evaluate.h"
#include "lint/expression/expression_number.h"

namespace {

using nlohmann::ordered_json;
using refgate::lint::Truth;
using refgate::lint::Value;

ordered_json describe(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return {{"kind", "null"}};
    case Value::Kind::boolean:
      return {{"kind", "boolean"}, {"value", value.as_boolean()}};
    case Value::Kind::number:
      return {{"kind", "number"}, {"value", refgate::lint::write_number(value.as_number())}};
    case Value::Kind::string:
      return {{"kind", "string"}, {"value", value.as_string()}};
    case Value::Kind::unknown: {
      ordered_json unknown{{"kind", "unknown"}};
      if (value.truthiness() != Truth::unknown) unknown["truth"] = value.truthiness() == Truth::yes;
      return unknown;
    }
    case Value::Kind::array: {
      ordered_json items = ordered_json::array();
      for (const Value& item : value.items())
        items.push_back(describe(item));
      return {{"kind", value.is_filtered() ? "filtered" : "array"}, {"value", items}};
    }
    case Value::Kind::object: {
      ordered_json pairs = ordered_json::array();
      for (const auto& [name, property] : value.properties())
        pairs.push_back(ordered_json::array({name, describe(property)}));
      return {{"kind", "object"}, {"value", pairs}};
    }
  }
  return {};
}

/// The object without the property that the path ends with, and open.
Value without(const Value& object, std::string_view property) {
  Value::Properties properties;
  for (const auto& entry : object.properties())
    if (!refgate::lint::same_name(entry.first, property)) properties.push_back(entry);
  return Value::object(std::move(properties), refgate::lint::Completeness::open);
}

ordered_json answer(const ordered_json& question) {
  const Value contexts = refgate::lint::from_json(question.at("contexts").get<std::string>()).value;
  refgate::lint::ExpressionLanguage language;
  language.any_name = false;
  refgate::lint::Scope scope;
  scope.set_status(Truth::yes, Truth::no, Truth::no);
  for (const auto& [name, value] : contexts.properties()) {
    language.contexts.push_back(name);
    scope.set(refgate::lint::ContextPath{name}, value);
  }
  for (const auto& path : question.at("hidden"))
    scope.set(path.get<refgate::lint::ContextPath>(), Value::unknown());
  for (const auto& path : question.at("forgotten")) {
    auto object = path.get<refgate::lint::ContextPath>();
    const std::string property = object.back();
    object.pop_back();
    if (scope.get(object).kind() == Value::Kind::object)
      scope.set(object, without(scope.get(object), property));
  }
  language.functions = {
      {"success", 0, 0}, {"failure", 0, 0}, {"cancelled", 0, 0}, {"always", 0, 0}};
  const auto outcome =
      evaluate(parse_expression(question.at("expression").get<std::string>(), language), scope);
  if (outcome.error) return {{"error", true}, {"message", outcome.error->message}};
  return {{"value", describe(outcome.value)}};
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line))
    std::cout << answer(ordered_json::parse(line)).dump() << '\n';
  return 0;
}
