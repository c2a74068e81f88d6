#include "store/wire/pack_answer.h"

#include "store/git/git_runtime.h"
#include "store/git/objects.h"
#include "store/wire/pkt_line.h"

namespace refgate {
namespace {

[[noreturn]] void not_git() { throw WireError("the answer is not what git would say"); }

}  // namespace

std::string pack_request(ProtocolVersion version, std::span<const git_oid> ids) {
  // "thin-pack" is wanted by servers that take its absence for an old client. What is sent is whole
  // all the same, since nothing is said to be here already.
  std::string request;
  if (version == ProtocolVersion::v2) {
    request = packet("command=fetch") + packet("agent=refgate") + packet("object-format=sha1") +
              delimiter_packet + packet("thin-pack") + packet("no-progress") + packet("ofs-delta");
    for (const auto& id : ids)
      request += packet("want " + hex_of(id) + "\n");
    return request + packet("deepen 1\n") + packet("done\n") + flush_packet;
  }
  const char* capabilities = " side-band-64k thin-pack no-progress ofs-delta shallow agent=refgate";
  for (const auto& id : ids) {
    request += packet("want " + hex_of(id) + capabilities + "\n");
    capabilities = "";
  }
  return request + packet("deepen 1\n") + flush_packet + packet("done\n");
}

void PackAnswer::feed(std::string_view bytes) {
  pending_ += bytes;
  std::string_view rest = pending_;
  while (state_ != State::done) {
    std::string_view content;
    const PacketKind kind = take_packet(rest, content);
    if (kind == PacketKind::cut) break;
    if (kind == PacketKind::flush) flush();
    if (kind == PacketKind::delimiter) delimiter();
    if (kind == PacketKind::data) line(content);
  }
  pending_.erase(0, pending_.size() - rest.size());
}

void PackAnswer::flush() {
  if (state_ == State::shallow) {
    state_ = State::acknowledgement;
  } else if (state_ == State::pack) {
    state_ = State::done;
  } else {
    not_git();
  }
}

void PackAnswer::delimiter() {
  if (state_ != State::shallow_section) not_git();
  state_ = State::section;
}

void PackAnswer::line(std::string_view content) {
  switch (state_) {
    case State::shallow:
    case State::shallow_section:
      if (content.starts_with("shallow ") || content.starts_with("unshallow ")) return;
      break;
    case State::acknowledgement:
      if (content.starts_with("NAK") || content.starts_with("ACK ")) {
        state_ = State::pack;
        return;
      }
      break;
    case State::section:
      if (content.starts_with("shallow-info")) {
        state_ = State::shallow_section;
        return;
      }
      if (content.starts_with("packfile")) {
        state_ = State::pack;
        return;
      }
      break;
    case State::pack:
      if (content.starts_with('\1')) return pack_(content.substr(1));
      if (content.starts_with('\2')) return;
      if (content.empty()) return;  // keeps the connection alive
      if (content.starts_with('\3'))
        throw WireError("the server said: " + clean_text(content.substr(1)), true);
      break;
    case State::done:
      break;
  }
  not_git();
}

}  // namespace refgate
