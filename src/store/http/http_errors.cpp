#include "store/http/http_errors.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/text/json.h"
#include "core/text/lower.h"
#include "core/text/time.h"
#include "store/git/git_runtime.h"
#include "store/remote/server_words.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_words = 200;
constexpr std::chrono::hours a_century{24 * 36525};
constexpr auto either_token = "give the token of the job in REFGATE_TOKEN or GITHUB_TOKEN";

struct Advice {
  int status;
  bool writing;
  StoreFailure failure;
  const char* meaning;
  const char* hint;
};

constexpr auto expired =
    "the token is wrong or has expired: give a valid one in REFGATE_TOKEN or GITHUB_TOKEN (a job's "
    "own token ends with the job)";
constexpr auto unseen =
    "check the repository's address, and that the token belongs to it with `permissions: contents: "
    "write`";

// GitHub answers 403 to a push whose token only reads and 404 for what the token may not even see
// (docs.github.com, "Troubleshooting cloning errors"; "Automatic token authentication": a
// pull_request run of a fork never gets a token that writes).
constexpr std::array advice = {
    Advice{401, false, StoreFailure::denied, "the token was not accepted", expired},
    Advice{401, true, StoreFailure::denied, "the token was not accepted", expired},
    Advice{403, false, StoreFailure::denied, "the token may not read this repository",
           "give the workflow or job `permissions: contents: write` (reading alone needs "
           "`contents: read`)"},
    Advice{403, true, StoreFailure::read_only, "the token may not write to this repository",
           "give the workflow or job `permissions: contents: write`; the token of a run for a fork "
           "only reads whatever the workflow says: there, decide "
           "in a `workflow_run` follow-up or after a maintainer's label, never by "
           "`pull_request_target`"},
    Advice{404, false, StoreFailure::denied,
           "there is no such repository, or the token may not see it", unseen},
    Advice{404, true, StoreFailure::denied,
           "there is no such repository, or the token may not see it", unseen},
    Advice{411, true, StoreFailure::unreadable,
           "a server or proxy wants to be told the length of "
           "a request, as it was",
           "ask who runs the server, or the proxy before it"},
    Advice{413, true, StoreFailure::unreadable, "the push is larger than a server or proxy takes",
           "ask who runs the server, or the proxy before it, to take requests of at least 64 KiB"},
};

constexpr auto own_reason =
    "that is the server's own reason; ask who runs it, or the repository's owner";

std::string shortened_words(std::string line) {
  if (line.size() <= longest_words) return line;
  std::size_t cut = longest_words;
  while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xc0U) == 0x80U)
    --cut;
  line.resize(cut);
  return line + "…";
}

bool is_throttle(const HttpAnswer& answer) {
  if (answer.head.status == 429) return true;
  if (answer.head.status != 403) return false;
  static constexpr std::array signs = {"rate limit", "ratelimit", "abuse", "too many requests"};
  return !answer.head.field("retry-after").empty() ||
         answer.head.field("x-ratelimit-remaining") == "0" || speaks_of(lower(answer.body), signs);
}

/// True when what the server says fits our advice about tokens, or says nothing.
bool leaves_it_to_advice(int status, const std::string& words) {
  static constexpr std::array others = {"archived", "allow list", "allowlist", "sso",
                                        "saml",     "disabled",   "suspended", "blocked",
                                        "billing",  "limit",      "terms"};
  static constexpr std::array permission = {
      "write access", "permission", "not accessible by integration",
      "not granted",  "forbidden",  "denied",
      "read-only",    "read only",  "not allowed to push",
      "must have"};
  // "Verify" is all that Gitea says of a token that it does not know.
  static constexpr std::array credentials = {"credential", "password", "token",  "authenti",
                                             "authoriz",   "login",    "log in", "verify"};
  static constexpr std::array absent = {"not found", "no such", "does not exist"};
  const std::string text = lower(words);
  if (text.empty()) return true;
  if (speaks_of(text, others)) return false;
  switch (status) {
    case 401:
      return speaks_of(text, credentials);
    case 403:
      return speaks_of(text, permission);
    case 404:
      return speaks_of(text, absent);
    default:
      return true;
  }
}

/// Who is kept out of a place, or must sign in otherwise, may not read there either.
bool keeps_out(const std::string& words) {
  static constexpr std::array signs = {"allow list", "allowlist", "sso",
                                       "saml",       "suspended", "blocked"};
  return speaks_of(lower(words), signs);
}

/// Of a path: "." and ".." are followed (RFC 3986, 5.2.4).
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::size_t at = 1; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    const bool last = end == path.size();
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment != ".") {
      kept.push_back(segment);
    }
    if (last && (segment == ".." || segment == ".")) kept.push_back({});
    at = end + 1;
  }
  std::string whole;
  for (const std::string_view segment : kept)
    whole += "/" + std::string(segment);
  return whole;
}

bool has_scheme(std::string_view location) {
  const auto colon = location.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         colon < std::min(location.find_first_of("/?#"), location.size());
}

/// The whole address that a redirect means, which may be told by a part of it (RFC 3986, 5.2.2).
std::string resolved(std::string_view location, std::string_view asked) {
  asked = asked.substr(0, asked.find_first_of("?#"));
  const auto scheme = asked.find("//");
  if (has_scheme(location) || scheme == std::string_view::npos) return std::string(location);
  if (location.starts_with("//"))
    return std::string(asked.substr(0, scheme)) + std::string(location);
  const auto path = std::min(asked.find('/', scheme + 2), asked.size());
  const std::string place(asked.substr(0, path));
  const std::string_view own = asked.substr(path);
  const auto rest = std::min(location.find_first_of("?#"), location.size());
  if (rest == 0) return std::string(asked);
  const std::string_view led = location.substr(0, rest);
  if (led.starts_with('/')) return place + without_dots(led);
  return place + without_dots(std::string(own.substr(0, own.rfind('/') + 1)) + std::string(led));
}

/// Where a redirect leads, for people: without a user, a query, and what git adds to an address.
std::string pointed_to(std::string_view location, const HttpDoing& doing) {
  if (location.empty()) return {};
  std::string place = resolved(location, doing.remote + doing.target);
  place.erase(std::min(place.find_first_of("?#"), place.size()));
  const auto host = place.find("//");
  if (host != std::string::npos) {
    const auto path = std::min(place.find('/', host + 2), place.size());
    const auto user = place.rfind('@', path);
    if (user != std::string::npos && user > host && user < path)
      place.erase(host + 2, user + 1 - (host + 2));
  }
  for (const char* added : {"/info/refs", "/git-upload-pack", "/git-receive-pack"})
    if (place.ends_with(added)) place.erase(place.size() - std::string_view(added).size());
  return shortened_words(clean_text(place));
}

std::string_view without_end(std::string_view address) {
  while (address.ends_with('/'))
    address.remove_suffix(1);
  return address;
}

std::string asks_to_wait(std::chrono::milliseconds pause) {
  const auto until = std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now()) +
                     std::chrono::ceil<std::chrono::seconds>(pause);
  return "; it asks to wait " + format_duration(std::chrono::ceil<std::chrono::seconds>(pause)) +
         " (busy until " + format_rfc3339(until).substr(0, 19) + "Z)";
}

}  // namespace

std::string own_words(const HttpHead& head, const std::string& body) {
  const std::string type = lower(head.field("content-type"));
  if (type.find("html") != std::string::npos || body.find('\0') != std::string::npos) return {};
  std::string text = body;
  if (const auto first = text.find_first_not_of(" \t\r\n");
      first != std::string::npos && text[first] == '{') {
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    const auto message = parsed.is_object() ? parsed.find("message") : parsed.end();
    if (!parsed.is_object() || message == parsed.end() || !message->is_string()) return {};
    text = message->get<std::string>();
  }
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos || text[start] == '<') return {};
  std::string line = clean_text(text.substr(start, text.find_first_of("\r\n", start) - start));
  if (line.starts_with("remote: ")) line.erase(0, 8);
  line = shortened_words(std::move(line));
  while (line.ends_with('.') || line.ends_with(' '))
    line.pop_back();
  return line;
}

Failed describe_status(const HttpAnswer& answer, const HttpDoing& doing, SteadyTime now) {
  const int status = answer.head.status;
  const std::string words = own_words(answer.head, answer.body);
  const bool throttled = is_throttle(answer);
  Failed failed;
  failed.http_status = status;
  // A gateway may answer anything after the work was done. Only these come before it.
  failed.untouched = !doing.a_push || status == 401 || status == 411 || status == 413;
  failed.too_large = status == 413;
  failed.may_want_look = doing.a_push;
  failed.text = doing.remote + " answered HTTP " + std::to_string(status) + " " +
                (doing.writing ? "when refs were to be written" : "when its refs were read");
  const std::string said = words.empty() ? std::string() : " (\"" + words + "\")";
  if (throttled || status == 408 || status >= 500) {
    failed.failure = StoreFailure::unreachable;
    failed.again = true;
    failed.text += throttled ? ": too many requests" : ": the server has a problem";
    failed.text += said;
    failed.hint = throttled ? "GitHub asks for at most 6 pushes a minute and 15 reads a second per "
                              "repository: start fewer runs at once, or try again later"
                            : "try again later, or give a longer --deadline";
    if (answer.asked_pause) {
      failed.not_before = now + *answer.asked_pause;
      if (*answer.asked_pause > 0ms)
        failed.text += asks_to_wait(
            asked_pause(answer.head, std::chrono::floor<Duration>(std::chrono::system_clock::now()),
                        a_century)
                .value_or(*answer.asked_pause));
    }
    return failed;
  }
  if (status >= 300 && status < 400) {
    failed.failure = StoreFailure::unreadable;
    failed.text += ": a redirect, which is not followed" + said;
    const std::string place = pointed_to(answer.head.field("location"), doing);
    if (without_end(place) == without_end(doing.remote))
      failed.hint =
          "it leads back to the same address, which no other address mends: ask who runs the "
          "server, or the proxy before it";
    else
      failed.hint =
          "give the address that the server points to" + (place.empty() ? "" : ": " + place);
    return failed;
  }
  for (const auto& row : advice) {
    if (row.status != status || row.writing != doing.writing) continue;
    failed.failure = row.failure;
    if (row.failure == StoreFailure::read_only && keeps_out(words))
      failed.failure = StoreFailure::denied;
    const bool advised = leaves_it_to_advice(status, words);
    if (status == 401 && !doing.with_token) {
      failed.text += ": it wants a token and none was given" + said;
      failed.hint = either_token;
    } else if (!advised) {
      failed.text += ": " + words;
      failed.hint = own_reason;
    } else {
      failed.text += std::string(": ") + row.meaning + said;
      failed.hint = doing.with_token || status == 411 || status == 413
                        ? row.hint
                        : std::string("no token was given: ") + either_token;
    }
    return failed;
  }
  // What the request asks for has nothing to do with these.
  static constexpr std::array refusals = {402, 410, 423, 451};
  const bool refused = std::ranges::find(refusals, status) != refusals.end();
  failed.failure = refused ? StoreFailure::denied : StoreFailure::unreadable;
  failed.text += words.empty() ? ", which git does not answer" : ": " + words;
  failed.hint = !words.empty() ? own_reason
                : refused      ? "ask who runs the server, or the repository's owner"
                               : "check the repository's address";
  return failed;
}

Failed describe_silence(const HttpFailed& silence, const HttpDoing& doing) {
  const std::string when =
      doing.writing ? "when refs were to be written: " : "when its refs were read: ";
  Failed failed;
  failed.untouched = !doing.a_push || !silence.sent;
  failed.out_of_time = silence.out_of_time;
  failed.at_once = silence.stale;
  if (silence.certificate) {
    failed.failure = StoreFailure::denied;
    failed.untouched = true;
    failed.text = doing.remote + " showed a certificate that is not trusted (" + silence.text + ")";
    failed.hint = silence.hint;
    return failed;
  }
  if (!silence.hint.empty()) {
    failed.failure = StoreFailure::unreadable;
    failed.text = doing.remote + " cannot be spoken to: " + clean_text(silence.text);
    failed.hint = silence.hint;
    return failed;
  }
  if (silence.not_http) {
    failed.failure = StoreFailure::unreadable;
    failed.text = doing.remote + " did not answer as a web server would " + when + silence.text;
    failed.hint = "check the repository's address, and the proxy variables (https_proxy, no_proxy)";
    return failed;
  }
  failed.failure = StoreFailure::unreachable;
  failed.again = true;
  failed.text = doing.remote +
                (silence.sent ? " gave no whole answer " : " could not be reached ") + when +
                clean_text(silence.text);
  failed.hint = silence.sent
                    ? "try again later, or give a longer --deadline"
                    : "check the network and the proxy variables (https_proxy, no_proxy), or give "
                      "a longer --deadline";
  return failed;
}

Failed describe_nonsense(const std::string& what, const HttpDoing& doing) {
  Failed failed;
  failed.failure = StoreFailure::unreadable;
  failed.untouched = !doing.a_push;
  failed.may_want_look = doing.a_push;
  failed.text = doing.remote + " did not answer as git would " +
                (doing.writing ? "when refs were to be written: " : "when its refs were read: ") +
                what;
  failed.hint = "check the repository's address";
  return failed;
}

Failed describe_encoded(const std::string& coding, const HttpDoing& doing) {
  Failed failed =
      describe_nonsense("the answer is compressed (Content-Encoding: " + shortened_words(coding) +
                            "), which was not asked for",
                        doing);
  failed.hint =
      "let the server, or the proxy before it, send answers as they are: \"Accept-Encoding: "
      "identity\" was said";
  return failed;
}

Failed describe_refused(const std::string& words, const HttpDoing& doing) {
  Failed failed;
  const bool passes = asks_for_patience(words);
  failed.failure = passes ? StoreFailure::unreachable : StoreFailure::denied;
  failed.again = passes;
  failed.untouched = !doing.a_push;
  failed.may_want_look = doing.a_push;
  failed.text = doing.remote + " would not " +
                (doing.writing ? "when refs were to be written: " : "when its refs were read: ") +
                words;
  failed.hint = own_reason;
  return failed;
}

Failed describe_foreign(const std::string& what, const HttpDoing& doing) {
  Failed failed;
  failed.failure = StoreFailure::unreadable;
  failed.untouched = failed.foreign = true;
  failed.text = doing.remote + " cannot be used: " + what;
  failed.hint = "keep the state in another repository, by --remote";
  return failed;
}

}  // namespace refgate
