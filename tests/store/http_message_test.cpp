// HTTP as text: heads, bodies in pieces of any size, dates and pauses.

#include "store/http/http_message.h"

#include "catch.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

std::string body_of(const std::string& message, std::size_t piece, bool& done) {
  const auto end = end_of_head(message);
  REQUIRE(end);
  BodyReader reader(parse_head(message.substr(0, *end)));
  std::string body;
  for (std::size_t at = *end; at < message.size() && !reader.done(); at += piece) {
    const std::string part = message.substr(at, piece);
    std::string_view bytes = part;
    reader.feed(bytes, body);
  }
  done = reader.done() || reader.until_end();
  return body;
}

}  // namespace

TEST_CASE("a body ends where its head says", "[http]") {
  struct Row {
    const char* what;
    std::string message;
    std::string body;
    bool whole;
  };
  const std::vector<Row> rows = {
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world", "hello", true},
      {"length, cut", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "hello", false},
      {"no body", "HTTP/1.1 204 No Content\r\n\r\n", "", true},
      {"to the end", "HTTP/1.0 200 OK\r\n\r\nhello", "hello", true},
      {"bare line ends", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "hi", true},
      {"chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n2\r\n, \r\n0\r\nX: "
       "y\r\n\r\n",
       "hello, ", true},
      {"chunks, cut", "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n",
       "hello", false},
  };
  for (const auto& row : rows) {
    for (const std::size_t piece : {1UL, 2UL, 3UL, 1000UL}) {
      INFO(row.what << ", " << piece);
      bool done = false;
      CHECK(body_of(row.message, piece, done) == row.body);
      CHECK(done == row.whole);
    }
  }
  for (const char* broken :
       {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n", "SSH-2.0-x\r\n\r\n"}) {
    INFO(broken);
    bool done = false;
    CHECK_THROWS_AS(body_of(broken, 1000, done), HttpMessageError);
  }
}

TEST_CASE("who keeps a connection", "[http]") {
  const auto keeps = [](const std::string& head) {
    return parse_head(head + "\r\n\r\n").keeps_connection;
  };
  CHECK(keeps("HTTP/1.1 200 OK"));
  CHECK_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: close"));
  CHECK_FALSE(keeps("HTTP/1.1 200 OK\r\nCONNECTION: te, Close"));
  CHECK_FALSE(keeps("HTTP/1.0 200 OK"));
  CHECK(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive"));
  CHECK(parse_head("HTTP/1.1 103 Early Hints\r\n\r\n").is_interim());
}

TEST_CASE("dates of HTTP", "[http]") {
  CHECK(format_rfc3339(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()) ==
        "1994-11-06T08:49:37.000Z");
  CHECK(format_rfc3339(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT").value()) ==
        "1994-11-06T08:49:37.000Z");
  CHECK(format_rfc3339(parse_http_date("Saturday, 28-Nov-26 08:49:37 GMT").value()) ==
        "2026-11-28T08:49:37.000Z");
  CHECK(format_rfc3339(parse_http_date("Sun Nov  6 08:49:37 1994").value()) ==
        "1994-11-06T08:49:37.000Z");
  CHECK(format_rfc3339(parse_http_date("Wed Nov 16 08:49:37 1994").value()) ==
        "1994-11-16T08:49:37.000Z");
  for (const char* wrong :
       {"Sunday, 06-Nov-94 08:49:37", "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sunday, 31-Feb-94 08:49:37 GMT", "Sun Nov  6 08:49:37 19x4", "Sun Nov 31 08:49:37 1994",
        "Sun Nov  6 24:49:37 1994", ", ", "", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "1994-11-06T08:49:37Z"}) {
    INFO(wrong);
    CHECK_FALSE(parse_http_date(wrong));
  }
}

TEST_CASE("how long an answer asks to be left alone", "[http]") {
  const Instant now = parse_rfc3339("2026-11-22T12:00:00Z").value();
  const auto pause = [&](const std::string& fields) {
    return asked_pause(parse_head("HTTP/1.1 429 x\r\n" + fields + "\r\n\r\n"), now);
  };
  CHECK(pause("Retry-After: 3") == 3s);
  CHECK(pause("Retry-After: 0") == 0s);
  CHECK(pause("retry-after: Sun, 22 Nov 2026 12:01:00 GMT") == 60s);
  // By the server's own clock, which is ahead of ours.
  CHECK(
      pause("Date: Sun, 22 Nov 2026 12:00:50 GMT\r\nRetry-After: Sun, 22 Nov 2026 12:01:00 GMT") ==
      10s);
  CHECK(pause("Retry-After: Sun, 22 Nov 2026 11:00:00 GMT") == 0s);
  CHECK(pause("Retry-After: 60.5") == 61s);
  CHECK(pause("Retry-After: 60.0") == 60s);
  CHECK(pause("Retry-After: 99999999999999999999") == 24h);
  for (const char* none : {"-5", "+5", "5s", "1.2.3", ".5", "0x10"}) {
    INFO(none);
    CHECK_FALSE(pause(std::string("Retry-After: ") + none));
  }
  CHECK(pause("Retry-After: 999999999") == 24h);
  CHECK_FALSE(pause("Retry-After: soon"));
  CHECK_FALSE(pause("X: y"));
  const auto noon =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  CHECK(pause("x-ratelimit-remaining: 0\r\nx-ratelimit-reset: " + std::to_string(noon + 30)) ==
        30s);
  CHECK_FALSE(pause("x-ratelimit-remaining: 7\r\nx-ratelimit-reset: " + std::to_string(noon + 30)));
}
