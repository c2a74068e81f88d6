#include "core/record/result.h"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

#include "core/text/digest.h"
#include "core/text/json.h"
#include "core/text/record_json.h"
#include "core/text/shell_word.h"
#include "core/words/shorten.h"

namespace refgate {
namespace {

using nlohmann::json;
using record::Broken, record::member, record::named, record::number, record::text;

constexpr int result_version = 2;
constexpr record::Form form{
    .what = "result", .version = result_version, .longest = 1u << 18, .deepest = 8};
constexpr std::size_t longest_title = 200;
constexpr std::size_t longest_url = 2048;
constexpr std::size_t longest_key = 64;
constexpr std::size_t longest_value = 1024;
constexpr std::size_t most_meta = 32;
// Of what nobody checks: what channels answered, and what the job says of itself. With the labels
// at their longest, of which JSON may make six times as much, the record can be read.
constexpr std::size_t longest_text = 2048;
constexpr std::size_t digest_digits = 16;

ResultError error_of(const record::Problem& problem) {
  return {problem.newer_version ? ResultErrorKind::newer_version : ResultErrorKind::broken,
          problem.message};
}

constexpr std::array<EnumName<ResultStatus>, 2> statuses{
    {{ResultStatus::saved, "saved"}, {ResultStatus::undelivered, "undelivered"}}};
constexpr std::array<EnumName<ResultReason>, 5> reasons{
    {{ResultReason::requested, "requested"},
     {ResultReason::session_lost, "session_lost"},
     {ResultReason::channels_failed, "channels_failed"},
     {ResultReason::time_limit, "time_limit"},
     {ResultReason::interrupted, "interrupted"}}};

/// The texts of an origin, once for both directions.
constexpr std::array<std::pair<const char*, std::string ResultOrigin::*>, 9> origin_texts{
    {{"session_key", &ResultOrigin::session_key},
     {"claim_id", &ResultOrigin::claim_id},
     {"scope", &ResultOrigin::scope},
     {"commit", &ResultOrigin::commit},
     {"workflow", &ResultOrigin::workflow},
     {"event", &ResultOrigin::event},
     {"run_id", &ResultOrigin::run_id},
     {"run_url", &ResultOrigin::run_url},
     {"job", &ResultOrigin::job}}};

std::string text_in(const json& value, const std::string& key) {
  if (!value.is_string()) throw Broken("\"" + key + "\" is no text");
  return value.get<std::string>();
}

const json& object_in(const json& object, const char* key) {
  const json& value = member(object, key);
  if (!value.is_object()) throw Broken(std::string("\"") + key + "\" is no object");
  return value;
}

ResultRecord read_record(const json& stored) {
  ResultRecord result;
  result.id = text(stored, "id");
  if (!time_of_result(result.id)) throw Broken("\"id\" is no id of a result");
  result.status = named(stored, "status", statuses);
  result.reason = named(stored, "reason", reasons);
  result.cause = text(stored, "cause");
  result.depth = number<unsigned>(stored, "depth");
  const json& partial = member(stored, "partial");
  if (!partial.is_boolean()) throw Broken("\"partial\" is neither true nor false");
  result.partial = partial.get<bool>();
  result.title = text(stored, "title");
  result.url = text(stored, "url");
  for (const auto& [key, value] : object_in(stored, "meta").items())
    result.meta[key] = text_in(value, "meta");
  result.size = number<std::uint64_t>(stored, "size");
  result.digest = text(stored, "digest");
  const json& origin = object_in(stored, "origin");
  for (const auto& [key, target] : origin_texts)
    result.origin.*target = text(origin, key);
  return result;
}

bool is_digits(std::string_view text, std::string_view digits) {
  return text.find_first_not_of(digits) == std::string_view::npos;
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= longest_key &&
         is_digits(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
}

std::string too_long(const std::string& what, std::size_t most) {
  return what + " is longer than " + std::to_string(most) + " bytes";
}

}  // namespace

std::string_view name_of(ResultStatus status) { return name_in(statuses, status); }
std::string_view name_of(ResultReason reason) { return name_in(reasons, reason); }

std::string result_id(Instant at, std::string_view content, std::string_view nonce) {
  // "2026-11-22T06:07:08.123Z" without what a ref or a shell could stumble over.
  const std::string time = format_rfc3339(at);
  std::string digits;
  std::copy_if(time.begin(), time.end(), std::back_inserter(digits),
               [](char c) { return c >= '0' && c <= '9'; });
  return digits.substr(0, 8) + "-" + digits.substr(8, 6) + "-" + digits.substr(14, 3) + "-" +
         sha256_hex(std::string(nonce) + "\n" + std::string(content)).substr(0, digest_digits);
}

std::optional<Instant> time_of_result(std::string_view id) {
  static constexpr std::string_view shape = "00000000-000000-000-xxxxxxxxxxxxxxxx";
  if (id.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const std::string_view allowed = shape[i] == '0'   ? "0123456789"
                                     : shape[i] == 'x' ? "0123456789abcdef"
                                                       : "-";
    if (allowed.find(id[i]) == std::string_view::npos) return std::nullopt;
  }
  const std::string text(id);
  return parse_rfc3339(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + "T" +
                       text.substr(9, 2) + ":" + text.substr(11, 2) + ":" + text.substr(13, 2) +
                       "." + text.substr(16, 3) + "Z");
}

std::string results_prefix(std::string_view name_space) {
  return "refs/" + std::string(name_space) + "/results/";
}
std::string result_ref(std::string_view id, std::string_view name_space) {
  return results_prefix(name_space) + std::string(id);
}
std::string how_to_get(std::string_view id) { return "refgate result get " + shell_word(id); }

std::string encode_result(const ResultRecord& record) {
  json stored = {{"version", result_version},
                 {"id", record.id},
                 {"status", name_of(record.status)},
                 {"reason", name_of(record.reason)},
                 {"cause", shortened(record.cause, longest_text)},
                 {"depth", record.depth},
                 {"partial", record.partial},
                 {"title", record.title},
                 {"url", record.url},
                 {"meta", record.meta},
                 {"size", record.size},
                 {"digest", record.digest},
                 {"origin", json::object()}};
  for (const auto& [key, source] : origin_texts)
    stored["origin"][key] = shortened(record.origin.*source, longest_text);
  return stored.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::variant<ResultRecord, ResultError> decode_result(std::string_view source) {
  const auto opened = record::open(source, form);
  if (const auto* problem = std::get_if<record::Problem>(&opened)) return error_of(*problem);
  try {
    return read_record(std::get<json>(opened));
  } catch (const record::Broken& error) {
    return error_of(record::broken(form, error.what()));
  }
}

std::optional<std::string> check_labels(const ResultRecord& record) {
  if (record.title.size() > longest_title) return too_long("the title", longest_title);
  if (record.url.size() > longest_url) return too_long("the URL", longest_url);
  if (record.meta.size() > most_meta)
    return "there are more than " + std::to_string(most_meta) + " pieces of metadata";
  for (const auto& [key, value] : record.meta) {
    if (!is_key(key))
      return "metadata is named by up to 64 letters, digits, '-', '_' and '.', unlike \"" +
             key.substr(0, longest_key) + "\"";
    if (value.size() > longest_value)
      return too_long("the metadata \"" + key + "\"", longest_value);
  }
  return std::nullopt;
}

}  // namespace refgate
