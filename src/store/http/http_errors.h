#pragma once
// Failed exchanges with an HTTP remote in words: what happened and what to change. Also what
// another try may bring, and whether a push can have been carried out.

#include <string>

#include "store/http/http_client.h"
#include "store/remote/transport.h"

namespace refgate {

/// What was being done, and by whom.
struct HttpDoing {
  std::string remote;    ///< for people
  bool writing = false;  ///< else reading
  bool a_push = false;   ///< the request carried one
  bool with_token = false;
  std::string target = {};  ///< what was asked for below the remote's address: "/info/refs?…"
};

/// An answer with another status than 200. `now` is when it came.
Failed describe_status(const HttpAnswer& answer, const HttpDoing& doing, SteadyTime now);

/// No answer.
Failed describe_silence(const HttpFailed& failed, const HttpDoing& doing);

/// An answer with status 200 that is not what git would say.
Failed describe_nonsense(const std::string& what, const HttpDoing& doing);

/// An answer with status 200 that somebody on the way has compressed, unasked.
Failed describe_encoded(const std::string& coding, const HttpDoing& doing);

/// An answer with status 200 in which the server says by git's own means why it will not.
Failed describe_refused(const std::string& words, const HttpDoing& doing);

/// A repository that this program cannot use.
Failed describe_foreign(const std::string& what, const HttpDoing& doing);

/// The first line of a short text, or the `message` of JSON, fit for a message; empty for HTML and
/// where there is none.
std::string own_words(const HttpHead& head, const std::string& body);

}  // namespace refgate
