#include "core/result.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/digest.h"
#include "core/enum_name.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr int result_version = 1;
constexpr std::size_t longest_record = 1u << 18;
constexpr std::size_t longest_title = 200;
constexpr std::size_t longest_url = 2048;
constexpr std::size_t longest_key = 64;
constexpr std::size_t longest_value = 1024;
constexpr std::size_t most_meta = 32;
constexpr std::size_t digest_digits = 16;

constexpr std::array<EnumName<ResultStatus>, 2> statuses{{{ResultStatus::saved, "saved"}, {ResultStatus::undelivered, "undelivered"}}};
constexpr std::array<EnumName<ResultReason>, 5> reasons{{{ResultReason::requested, "requested"},
                                                         {ResultReason::session_lost, "session_lost"},
                                                         {ResultReason::channels_failed, "channels_failed"},
                                                         {ResultReason::time_limit, "time_limit"},
                                                         {ResultReason::interrupted, "interrupted"}}};

/// The texts of an origin, once for both directions.
constexpr std::array<std::pair<const char*, std::string ResultOrigin::*>, 9> origin_texts{{{"session_key", &ResultOrigin::session_key},
                                                                                           {"claim_id", &ResultOrigin::claim_id},
                                                                                           {"scope", &ResultOrigin::scope},
                                                                                           {"commit", &ResultOrigin::commit},
                                                                                           {"workflow", &ResultOrigin::workflow},
                                                                                           {"event", &ResultOrigin::event},
                                                                                           {"run_id", &ResultOrigin::run_id},
                                                                                           {"run_url", &ResultOrigin::run_url},
                                                                                           {"job", &ResultOrigin::job}}};

/// Raised by the field readers below and caught in decode_result alone.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

const json& member(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw Broken(std::string("it has no \"") + key + "\"");
  return *found;
}

std::string text_in(const json& value, const std::string& key) {
  if (!value.is_string()) throw Broken("\"" + key + "\" is no text");
  return value.get<std::string>();
}

std::string text(const json& object, const char* key) { return text_in(member(object, key), key); }

std::uint64_t number(const json& object, const char* key, std::uint64_t most) {
  const json& value = member(object, key);
  if (!value.is_number_unsigned()) throw Broken(std::string("\"") + key + "\" is no whole number");
  const auto wide = value.get<std::uint64_t>();
  if (wide > most) throw Broken(std::string("\"") + key + "\" is out of range");
  return wide;
}

const json& object_in(const json& object, const char* key) {
  const json& value = member(object, key);
  if (!value.is_object()) throw Broken(std::string("\"") + key + "\" is no object");
  return value;
}

template <typename E, std::size_t N>
E named(const json& object, const char* key, const std::array<EnumName<E>, N>& names) {
  if (const auto value = find_in(names, text(object, key))) return *value;
  throw Broken(std::string("\"") + key + "\" is none of the known words");
}

ResultRecord read_record(const json& stored) {
  ResultRecord record;
  record.id = text(stored, "id");
  if (!time_of_result(record.id)) throw Broken("\"id\" is no id of a result");
  record.status = named(stored, "status", statuses);
  record.reason = named(stored, "reason", reasons);
  record.cause = text(stored, "cause");
  record.depth = static_cast<unsigned>(number(stored, "depth", std::numeric_limits<unsigned>::max()));
  const json& partial = member(stored, "partial");
  if (!partial.is_boolean()) throw Broken("\"partial\" is neither true nor false");
  record.partial = partial.get<bool>();
  record.title = text(stored, "title");
  record.url = text(stored, "url");
  for (const auto& [key, value] : object_in(stored, "meta").items()) record.meta[key] = text_in(value, "meta");
  record.size = number(stored, "size", std::numeric_limits<std::uint64_t>::max());
  record.digest = text(stored, "digest");
  const json& origin = object_in(stored, "origin");
  for (const auto& [key, target] : origin_texts) record.origin.*target = text(origin, key);
  return record;
}

bool is_digits(std::string_view text, std::string_view digits) { return text.find_first_not_of(digits) == std::string_view::npos; }

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= longest_key && is_digits(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
}

std::string too_long(const std::string& what, std::size_t most) { return what + " is longer than " + std::to_string(most) + " bytes"; }

}  // namespace

std::string_view name_of(ResultStatus status) { return name_in(statuses, status); }
std::string_view name_of(ResultReason reason) { return name_in(reasons, reason); }

std::string result_id(Instant at, std::string_view content, std::string_view nonce) {
  // "2026-11-22T06:07:08.123Z" without what a ref or a shell could stumble over.
  const std::string time = format_rfc3339(at);
  std::string digits;
  std::copy_if(time.begin(), time.end(), std::back_inserter(digits), [](char c) { return c >= '0' && c <= '9'; });
  return digits.substr(0, 8) + "-" + digits.substr(8, 6) + "-" + digits.substr(14, 3) + "-" +
         sha256_hex(std::string(nonce) + "\n" + std::string(content)).substr(0, digest_digits);
}

std::optional<Instant> time_of_result(std::string_view id) {
  static constexpr std::string_view shape = "00000000-000000-000-xxxxxxxxxxxxxxxx";
  if (id.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const std::string_view allowed = shape[i] == '0' ? "0123456789" : shape[i] == 'x' ? "0123456789abcdef" : "-";
    if (allowed.find(id[i]) == std::string_view::npos) return std::nullopt;
  }
  const std::string text(id);
  return parse_rfc3339(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + "T" + text.substr(9, 2) + ":" + text.substr(11, 2) +
                       ":" + text.substr(13, 2) + "." + text.substr(16, 3) + "Z");
}

std::string results_prefix(std::string_view name_space) { return "refs/" + std::string(name_space) + "/results/"; }
std::string result_ref(std::string_view id, std::string_view name_space) { return results_prefix(name_space) + std::string(id); }
std::string how_to_get(std::string_view id) { return "refgate result get " + std::string(id); }

std::string encode_result(const ResultRecord& record) {
  json stored = {{"version", result_version},
                 {"id", record.id},
                 {"status", name_of(record.status)},
                 {"reason", name_of(record.reason)},
                 {"cause", record.cause},
                 {"depth", record.depth},
                 {"partial", record.partial},
                 {"title", record.title},
                 {"url", record.url},
                 {"meta", record.meta},
                 {"size", record.size},
                 {"digest", record.digest},
                 {"origin", json::object()}};
  for (const auto& [key, source] : origin_texts) stored["origin"][key] = record.origin.*source;
  return stored.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<ResultRecord, ResultError> decode_result(std::string_view source) {
  const auto broken = [](const std::string& why) { return ResultError{ResultErrorKind::broken, "the stored result is broken: " + why}; };
  if (source.size() > longest_record) return broken("its record is over 256 KiB long");
  bool too_deep = false;
  const json stored = json::parse(
      source,
      [&](int depth, json::parse_event_t, json&) {
        too_deep = too_deep || depth > 8;
        return !too_deep;
      },
      false);
  if (too_deep) return broken("it is nested too deeply");
  if (!stored.is_object()) return broken("it is no JSON object");
  const auto version = stored.find("version");
  if (version == stored.end() || !version->is_number_unsigned()) return broken("it has no version");
  if (version->get<std::uint64_t>() > result_version)
    return ResultError{ResultErrorKind::newer_version, "the stored result has version " + version->dump() + ", and this refgate reads up to " +
                                                           std::to_string(result_version) + ": use a newer refgate"};
  try {
    return read_record(stored);
  } catch (const Broken& error) {
    return broken(error.what());
  }
}

std::optional<std::string> check_labels(const ResultRecord& record) {
  if (record.title.size() > longest_title) return too_long("the title", longest_title);
  if (record.url.size() > longest_url) return too_long("the URL", longest_url);
  if (record.meta.size() > most_meta) return "there are more than " + std::to_string(most_meta) + " pieces of metadata";
  for (const auto& [key, value] : record.meta) {
    if (!is_key(key)) return "metadata is named by up to 64 letters, digits, '-', '_' and '.', unlike \"" + key.substr(0, longest_key) + "\"";
    if (value.size() > longest_value) return too_long("the metadata \"" + key + "\"", longest_value);
  }
  return std::nullopt;
}

}  // namespace refgate
