#include "cli/input/matrix_input.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <unordered_map>

#include "core/text/json.h"

namespace refgate {
namespace {

// Keys stay in the order in which they were written: GitHub names the jobs of a matrix by it.
using nlohmann::ordered_json;

constexpr int deepest = 32;

/// A number as GitHub holds it, a double.
std::string canonical_number(const ordered_json& value) {
  const double number = value.get<double>();
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", number == 0 ? 0.0 : number);
  return text;
}

std::string ascii(const ordered_json& value) { return shown_json(value, -1); }

/// Equal values have equal texts.
std::string canonical(const ordered_json& value) {
  if (value.is_number()) return canonical_number(value);
  std::string text;
  if (value.is_array()) {
    for (const ordered_json& member : value)
      text += (text.empty() ? "[" : ",") + canonical(member);
    return text.empty() ? "[]" : text + "]";
  }
  if (value.is_object()) {
    std::map<std::string, std::string> sorted;
    for (const auto& [key, member] : value.items())
      sorted[key] = canonical(member);
    for (const auto& [key, member] : sorted)
      text += (text.empty() ? "{" : ",") + ascii(key) + ":" + member;
    return text.empty() ? "{}" : text + "}";
  }
  return ascii(value);
}

std::string kind_of(const ordered_json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "text";
  return value.is_array() ? "a list" : "an object";
}

std::string wanted(const MatrixIdentity& identity) {
  return identity.whole ? "text or an object"
                        : "text, or an object with \"" + identity.id_key + "\"";
}

/// What tells the member from others; empty, with `error` set, for a member of another kind.
std::string key_of(const ordered_json& member, std::size_t position, const MatrixIdentity& identity,
                   std::string& error) {
  const std::string place = "member " + std::to_string(position) + " of the list ";
  if (member.is_string()) return "text " + ascii(member);
  if (!member.is_object()) {
    error = place + "is " + kind_of(member) + ", but must be " + wanted(identity) +
            (member.is_number() || member.is_boolean() ? " (put it into quotes)" : "");
    return {};
  }
  if (identity.whole) return "object " + canonical(member);
  const auto id = member.find(identity.id_key);
  if (id == member.end()) {
    error = place + "has no \"" + identity.id_key +
            "\"; --id names another key, --whole compares all of an object";
    return {};
  }
  if (!id->is_string() && !id->is_number()) {
    error = place + "has an \"" + identity.id_key + "\" that is " + kind_of(*id) +
            ", but must be text or a number";
    return {};
  }
  return "object " + canonical(*id);
}

ordered_json parse(std::string_view text, bool& too_deep) {
  return ordered_json::parse(
      text,
      [&](int depth, ordered_json::parse_event_t, ordered_json&) {
        too_deep = too_deep || depth > deepest;
        return !too_deep;
      },
      false);
}

}  // namespace

std::variant<MatrixInput, MatrixError> unique_members(std::string_view text,
                                                      const MatrixIdentity& identity) {
  if (text.size() > longest_matrix_text) return MatrixError{"the list is over 1 MiB long"};
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return MatrixError{"there is no list: the text is empty"};
  bool too_deep = false;
  const ordered_json list = parse(text, too_deep);
  if (too_deep) return MatrixError{"the list is nested too deeply"};
  if (list.is_discarded())
    return MatrixError{"the text is no JSON: a list such as [\"a\", \"b\"] is wanted"};
  if (!list.is_array())
    return MatrixError{"the text is " + kind_of(list) + ", but must be a list, each member " +
                       wanted(identity)};

  MatrixInput input;
  std::unordered_map<std::string, std::size_t> seen;
  std::size_t position = 0;
  for (const ordered_json& member : list) {
    std::string error;
    std::string key = key_of(member, ++position, identity, error);
    if (!error.empty()) return MatrixError{std::move(error)};
    const auto [at, fresh] = seen.try_emplace(std::move(key), position);
    if (fresh) {
      input.json += (input.count == 0 ? "[" : ",") + ascii(member);
      ++input.count;
      continue;
    }
    MatrixDrop drop{position, at->second, {}, false};
    const ordered_json& first = list[at->second - 1];
    const bool by_id = member.is_object() && !identity.whole;
    drop.id = by_id ? ascii(member.at(identity.id_key)) : ascii(member);
    drop.differs = by_id && canonical(member) != canonical(first);
    input.dropped.push_back(std::move(drop));
  }
  input.json += input.count == 0 ? "[]" : "]";
  return input;
}

}  // namespace refgate
