#pragma once
// HTTP/1.1 messages as text (RFC 9110, RFC 9112). Nothing here reads a socket or a clock.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/text/time.h"

namespace refgate {

class HttpMessageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The first part of an answer. Names of fields are in lower case; of a field that comes more than
/// once the first counts.
struct HttpHead {
  int status = 0;
  bool keeps_connection = false;  ///< by version and `Connection`
  std::map<std::string, std::string, std::less<>> fields;

  /// Empty when there is no such field.
  std::string_view field(std::string_view lower_case_name) const;
  bool is_interim() const { return status >= 100 && status < 200; }
};

/// Where the head ends in `bytes`, behind its empty line; nullopt while that has not come.
std::optional<std::size_t> end_of_head(std::string_view bytes);

/// Throws HttpMessageError when it is no head of HTTP/1.
HttpHead parse_head(std::string_view bytes);

/// Finds the end of a body as its bytes come, by length, chunks, or the end of the connection.
class BodyReader {
 public:
  /// Throws HttpMessageError for a length that is none, and for an encoding other than chunked.
  explicit BodyReader(const HttpHead& head);

  /// Takes what belongs to the body off `bytes` and appends it to `body`. Throws HttpMessageError.
  void feed(std::string_view& bytes, std::string& body);
  bool done() const { return state_ == State::done; }
  /// True when the end of the connection may be the end of the body.
  bool until_end() const { return state_ == State::until_end; }

 private:
  enum class State { length, until_end, chunk_size, chunk, chunk_end, trailer, done };
  bool take_line(std::string_view& bytes, std::string& line);

  State state_;
  std::uint64_t left_ = 0;
  std::string line_;
};

/// The type of a Content-Type, in lower case and without its parameters.
std::string media_type(std::string_view field);

/// In any of the three forms that a recipient must read (RFC 9110, 5.6.7): "Sun, 06 Nov 1994
/// 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" (years 70 to 99 are of the last century),
/// "Sun Nov  6 08:49:37 1994". nullopt for anything else.
std::optional<Instant> parse_http_date(std::string_view text);

/// More than this is the same to who is to wait.
constexpr std::chrono::hours longest_pause{24};

/// How long the answer asks to be left alone, measured from `now`: by Retry-After in seconds (also
/// with a fraction) or as a date, else, where a limit is used up, until it is renewed
/// (x-ratelimit-reset). nullopt when it asks for nothing; never negative, at most
/// `longest`.
std::optional<std::chrono::milliseconds> asked_pause(const HttpHead& head, Instant now,
                                                     std::chrono::hours longest = longest_pause);

}  // namespace refgate
