#pragma once
// What a session produced, kept in the store: on request, or because it could not be delivered. The
// content is any bytes and lies beside the record.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/text/time.h"

namespace refgate {

enum class ResultStatus {
  saved,        ///< kept on request
  undelivered,  ///< kept because nobody took it
};

/// Why it was kept.
enum class ResultReason {
  requested,
  session_lost,     ///< the session was gone before or between the channels
  channels_failed,  ///< every channel was tried
  time_limit,       ///< the session's time was over
  interrupted,      ///< the delivering process was told to end
};

/// Whose work it was, as far as the job knew.
struct ResultOrigin {
  std::string session_key;
  std::string claim_id;
  std::string scope;  ///< the claim's ref
  std::string commit;
  std::string workflow;
  std::string event;
  std::string run_id;
  std::string run_url;
  std::string job;

  bool operator==(const ResultOrigin&) const = default;
};

struct ResultRecord {
  std::string id;
  ResultStatus status = ResultStatus::saved;
  ResultReason reason = ResultReason::requested;
  std::string cause;     ///< for people: what each channel answered, or how the session ended
  unsigned depth = 0;    ///< how many channels were tried before it was kept
  bool partial = false;  ///< more of it was to come when the time was over
  std::string title;     ///< for people
  std::string url;       ///< what it is about, or where it should have gone
  std::map<std::string, std::string> meta;
  std::uint64_t size = 0;  ///< of the content, in bytes
  std::string digest;      ///< of the content: SHA-256 in hexadecimal
  ResultOrigin origin;

  bool operator==(const ResultRecord&) const = default;
};

/// The files in a result's tree.
inline constexpr std::string_view result_file = "result.json";
inline constexpr std::string_view content_file = "content";

/// "20261122-060708-123-0b9c2e1d4f5a6b7c": the moment in UTC, then a digest of content and nonce.
/// Ids sort by time, and two of one moment differ.
std::string result_id(Instant at, std::string_view content, std::string_view nonce);

/// When a result of that id was kept; nullopt for what is no id.
std::optional<Instant> time_of_result(std::string_view id);

/// "refs/<name_space>/results/"
std::string results_prefix(std::string_view name_space);
std::string result_ref(std::string_view id, std::string_view name_space);

/// The command that prints it.
std::string how_to_get(std::string_view id);

std::string encode_result(const ResultRecord& record);

enum class ResultErrorKind { newer_version, broken };

/// For people. Who meets such a record leaves it alone.
struct ResultError {
  ResultErrorKind kind;
  std::string message;
};

/// Never throws, on any text.
std::variant<ResultRecord, ResultError> decode_result(std::string_view text);

std::string_view name_of(ResultStatus status);
std::string_view name_of(ResultReason reason);

/// What may stand in a record. nullopt when it may, else one sentence. Texts are bounded so that a
/// record stays a small file; the names of metadata are letters, digits, '-', '_' and '.'.
std::optional<std::string> check_labels(const ResultRecord& record);

}  // namespace refgate
