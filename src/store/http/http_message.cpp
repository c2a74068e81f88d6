#include "store/http/http_message.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text/lower.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_line = 8192;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One of the words of a field that lists them, such as `Connection: close, te`.
bool lists(std::string_view field, std::string_view word) {
  const std::string all = lower(field);
  for (std::size_t start = 0; start < all.size();) {
    const auto end = std::min(all.find(',', start), all.size());
    if (trimmed(std::string_view(all).substr(start, end - start)) == word) return true;
    start = end + 1;
  }
  return false;
}

/// As HTTP names it.
struct Day {
  std::string_view day;
  std::string_view month;
  std::string_view year;
};

/// `time` is "08:49:37".
std::optional<Instant> instant_of(const Day& named, std::string_view time) {
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = number<unsigned>(named.day);
  const auto month = std::ranges::find(months, named.month);
  const auto year = number<int>(named.year);
  const auto hour = number<int>(time.substr(0, 2));
  const auto minute = number<int>(time.substr(3, 2));
  const auto second = number<int>(time.substr(6, 2));
  const auto in = [](const std::optional<int>& value, int most) {
    return value && *value >= 0 && *value <= most;
  };
  if (!day || month == months.end() || !year || !in(hour, 23) || !in(minute, 59) || !in(second, 60))
    return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
      std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

/// Of any length, and rounded up where it has a fraction; nullopt where it is no number, or a
/// negative one.
std::optional<std::chrono::seconds> seconds_in(std::string_view text, std::chrono::hours longest) {
  constexpr std::string_view digits = "0123456789";
  const std::string_view whole = text.substr(0, text.find('.'));
  if (whole.empty() || whole.find_first_not_of(digits) != std::string_view::npos)
    return std::nullopt;
  const std::string_view rest = text.substr(std::min(whole.size() + 1, text.size()));
  if (rest.find_first_not_of(digits) != std::string_view::npos) return std::nullopt;
  const bool more = rest.find_first_not_of('0') != std::string_view::npos;
  const auto seconds = number<std::int64_t>(whole);
  const std::int64_t most = std::chrono::seconds(longest).count();
  return std::chrono::seconds(std::min(seconds.value_or(most), most) + (more ? 1 : 0));
}

}  // namespace

std::string_view HttpHead::field(std::string_view lower_case_name) const {
  const auto found = fields.find(lower_case_name);
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::size_t> end_of_head(std::string_view bytes) {
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    if (bytes.substr(at + 1).starts_with('\n')) return at + 2;
    if (bytes.substr(at + 1).starts_with("\r\n")) return at + 3;
  }
  return std::nullopt;
}

HttpHead parse_head(std::string_view bytes) {
  // "HTTP/1.1 200 OK"
  HttpHead head;
  const auto first_end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view first = bytes.substr(0, first_end);
  const auto status = first.size() >= 12 ? number<int>(first.substr(9, 3)) : std::optional<int>();
  if (!first.starts_with("HTTP/1.") || first[8] != ' ' || !status || *status < 100)
    throw HttpMessageError("the answer is not HTTP");
  head.status = *status;
  bytes.remove_prefix(std::min(first_end + 1, bytes.size()));
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = trimmed(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    head.fields.emplace(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
  }
  const std::string_view connection = head.field("connection");
  head.keeps_connection =
      first[7] == '0' ? lists(connection, "keep-alive") : !lists(connection, "close");
  return head;
}

BodyReader::BodyReader(const HttpHead& head) : state_(State::until_end) {
  const std::string_view length = head.field("content-length");
  const std::string_view encoding = head.field("transfer-encoding");
  if (head.status == 204 || head.status == 304) {
    state_ = State::done;
  } else if (!encoding.empty()) {
    if (lower(encoding) != "chunked")
      throw HttpMessageError("the answer is encoded in an unknown way");
    state_ = State::chunk_size;
  } else if (!length.empty()) {
    const auto size = number<std::uint64_t>(length);
    if (!size) throw HttpMessageError("the answer's length is none");
    left_ = *size;
    state_ = left_ == 0 ? State::done : State::length;
  }
}

bool BodyReader::take_line(std::string_view& bytes, std::string& line) {
  const auto end = bytes.find('\n');
  line_ += bytes.substr(0, end);
  if (line_.size() > longest_line) throw HttpMessageError("a line of the answer is too long");
  if (end == std::string_view::npos) {
    bytes = {};
    return false;
  }
  bytes.remove_prefix(end + 1);
  line = trimmed(line_);
  line_.clear();
  return true;
}

void BodyReader::feed(std::string_view& bytes, std::string& body) {
  std::string line;
  while (!bytes.empty() && state_ != State::done) {
    switch (state_) {
      case State::until_end:
        body += bytes;
        bytes = {};
        break;
      case State::length:
      case State::chunk: {
        const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        body += bytes.substr(0, some);
        bytes.remove_prefix(some);
        left_ -= some;
        if (left_ == 0) state_ = state_ == State::length ? State::done : State::chunk_end;
        break;
      }
      case State::chunk_size: {
        if (!take_line(bytes, line)) break;
        const auto size = number<std::uint64_t>(trimmed(line.substr(0, line.find(';'))), 16);
        if (!size) throw HttpMessageError("a chunk of the answer has no length");
        left_ = *size;
        state_ = left_ == 0 ? State::trailer : State::chunk;
        break;
      }
      case State::chunk_end:
        if (!take_line(bytes, line)) break;
        if (!line.empty()) throw HttpMessageError("a chunk of the answer is longer than it says");
        state_ = State::chunk_size;
        break;
      case State::trailer:
        if (take_line(bytes, line) && line.empty()) state_ = State::done;
        break;
      case State::done:
        break;
    }
  }
}

std::string media_type(std::string_view field) {
  return lower(trimmed(field.substr(0, field.find(';'))));
}

std::optional<Instant> parse_http_date(std::string_view text) {
  if (text.size() == 29 && text.substr(3, 2) == ", " && text.ends_with(" GMT"))
    return instant_of({text.substr(5, 2), text.substr(8, 3), text.substr(12, 4)},
                      text.substr(17, 8));
  if (text.size() == 24)
    return instant_of({trimmed(text.substr(8, 2)), text.substr(4, 3), text.substr(20)},
                      text.substr(11, 8));
  const auto comma = text.find(", ");
  if (comma == std::string_view::npos || comma < 6 || !text.ends_with(" GMT")) return std::nullopt;
  text.remove_prefix(comma + 2);
  if (text.size() != 22 || text[2] != '-' || text[6] != '-') return std::nullopt;
  const std::string year = (text[7] < '7' ? "20" : "19") + std::string(text.substr(7, 2));
  return instant_of({text.substr(0, 2), text.substr(3, 3), year}, text.substr(10, 8));
}

std::optional<std::chrono::milliseconds> asked_pause(const HttpHead& head, Instant now,
                                                     std::chrono::hours longest) {
  std::optional<std::chrono::milliseconds> pause;
  const std::string_view after = head.field("retry-after");
  if (const auto seconds = seconds_in(after, longest)) {
    pause = *seconds;
  } else if (const auto until = parse_http_date(after)) {
    // The server means its own clock.
    pause = *until - parse_http_date(head.field("date")).value_or(now);
  } else if (head.field("x-ratelimit-remaining") == "0") {
    if (const auto reset = number<std::int64_t>(head.field("x-ratelimit-reset"));
        reset && *reset >= 0 && *reset < 100'000'000'000)
      pause =
          Instant(std::chrono::seconds(*reset)) - parse_http_date(head.field("date")).value_or(now);
  }
  if (!pause) return std::nullopt;
  return std::clamp<std::chrono::milliseconds>(*pause, std::chrono::milliseconds(0), longest);
}

}  // namespace refgate
