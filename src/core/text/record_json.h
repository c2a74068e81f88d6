#pragma once
// Reading stored records: JSON that anybody may have written. For the codecs of this layer only.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "core/text/enum_name.h"
#include "core/text/json.h"
#include "core/text/time.h"

namespace refgate::record {

using nlohmann::json;

/// Raised by the field readers below; a codec's decode function catches it, and nobody else sees
/// it.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Why a text is no record that this program reads.
struct Problem {
  bool newer_version = false;
  std::string message;  ///< "the stored claim is broken: it has no version"
};

struct Form {
  std::string_view what;  ///< "claim", for messages
  unsigned version = 1;   ///< the newest that is read
  std::size_t longest = 1u << 20;
  int deepest = 16;
};

inline Problem broken(const Form& form, const std::string& why) {
  return {false, "the stored " + std::string(form.what) + " is broken: " + why};
}

/// The object of a record whose version is read here. Never throws, on any text.
inline std::variant<json, Problem> open(std::string_view source, const Form& form) {
  if (source.size() > form.longest)
    return broken(form, "it is over " + std::to_string(form.longest >> 10) + " KiB long");
  bool too_deep = false;
  json object = json::parse(
      source,
      [&](int depth, json::parse_event_t, json&) {
        too_deep = too_deep || depth > form.deepest;
        return !too_deep;
      },
      false);
  if (too_deep) return broken(form, "it is nested too deeply");
  if (!object.is_object()) return broken(form, "it is no JSON object");
  const auto version = object.find("version");
  if (version == object.end() || !version->is_number_unsigned())
    return broken(form, "it has no version");
  if (version->get<std::uint64_t>() > form.version)
    return Problem{true, "the stored " + std::string(form.what) + " has version " +
                             version->dump() + ", and this refgate reads up to " +
                             std::to_string(form.version) + ": use a newer refgate"};
  return object;
}

inline const json& member(const json& object, const char* key) {
  if (!object.is_object())
    throw Broken(std::string("what should hold \"") + key + "\" is no object");
  const auto found = object.find(key);
  if (found == object.end()) throw Broken(std::string("it has no \"") + key + "\"");
  return *found;
}

inline std::string text(const json& object, const char* key) {
  const json& value = member(object, key);
  if (!value.is_string()) throw Broken(std::string("\"") + key + "\" is no text");
  return value.get<std::string>();
}

template <typename Number>
Number number(const json& object, const char* key, Number least = 0,
              Number most = std::numeric_limits<Number>::max()) {
  const json& value = member(object, key);
  if (!value.is_number_unsigned()) throw Broken(std::string("\"") + key + "\" is no whole number");
  const auto wide = value.get<std::uint64_t>();
  if (wide < static_cast<std::uint64_t>(least) || wide > static_cast<std::uint64_t>(most))
    throw Broken(std::string("\"") + key + "\" is out of range");
  return static_cast<Number>(wide);
}

inline Instant instant(const json& object, const char* key) {
  const auto at = parse_rfc3339(text(object, key));
  if (!at) throw Broken(std::string("\"") + key + "\" is no time");
  return *at;
}

inline std::optional<Instant> optional_instant(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return instant(object, key);
}

inline Duration span(const json& object, const char* key) {
  const auto parsed = parse_duration(text(object, key));
  if (!parsed) throw Broken(std::string("\"") + key + "\" is no span of time");
  return *parsed;
}

inline const json& list(const json& object, const char* key,
                        std::size_t most = std::numeric_limits<std::size_t>::max()) {
  const json& value = member(object, key);
  if (!value.is_array() || value.size() > most)
    throw Broken(std::string("\"") + key + "\" is no list, or too long");
  return value;
}

template <typename E, std::size_t N>
E named(const json& object, const char* key, const std::array<EnumName<E>, N>& names) {
  if (const auto value = find_in(names, text(object, key))) return *value;
  throw Broken(std::string("\"") + key + "\" is none of the known words");
}

}  // namespace refgate::record
