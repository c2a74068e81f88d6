#pragma once
// The answer of git-upload-pack over HTTP (protocol version 0): pkt-lines with shallow lines, an
// acknowledgement, and a pack in side bands.

#include <git2.h>

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace refgate {

/// What to send: the commits of these ids, one deep, nothing in return (gitprotocol-pack, "Packfile
/// Negotiation").
std::string pack_request(std::span<const git_oid> ids);

class PackAnswerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes the answer in pieces of any size. Throws PackAnswerError for anything that git would not
/// say, and with the server's words for an error that it reports.
class PackAnswer {
 public:
  explicit PackAnswer(std::function<void(std::string_view)> pack) : pack_(std::move(pack)) {}

  void feed(std::string_view bytes);
  bool complete() const { return state_ == State::done; }

 private:
  enum class State { shallow, acknowledgement, pack, done };

  void line(std::string_view content);
  void flush();

  std::function<void(std::string_view)> pack_;
  std::string pending_;
  State state_ = State::shallow;
};

}  // namespace refgate
