#pragma once
// Asking git-upload-pack over HTTP for commits without their history, and its answer: pkt-lines,
// and a pack in side bands.

#include <git2.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace refgate {

enum class ProtocolVersion { v0, v2 };

/// What to send: the commits of these ids, one deep, nothing in return (gitprotocol-pack, "Packfile
/// Negotiation"; gitprotocol-v2, "fetch").
std::string pack_request(ProtocolVersion version, std::span<const git_oid> ids);

/// Takes the answer in pieces of any size. Throws WireError for anything that git would not say,
/// and with the server's words for an error that it reports.
class PackAnswer {
 public:
  PackAnswer(ProtocolVersion version, std::function<void(std::string_view)> pack)
      : state_(version == ProtocolVersion::v0 ? State::shallow : State::section),
        pack_(std::move(pack)) {}

  void feed(std::string_view bytes);
  bool complete() const { return state_ == State::done; }

 private:
  enum class State {
    shallow,          ///< v0: where the history was cut
    acknowledgement,  ///< v0
    section,          ///< v2: the name of what follows
    shallow_section,  ///< v2
    pack,
    done
  };

  void line(std::string_view content);
  void flush();
  void delimiter();

  State state_;
  std::function<void(std::string_view)> pack_;
  std::string pending_;
};

}  // namespace refgate
