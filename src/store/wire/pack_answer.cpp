#include "store/wire/pack_answer.h"

#include <charconv>
#include <cstdio>

#include "store/git/git_runtime.h"
#include "store/git/objects.h"

namespace refgate {
namespace {

constexpr std::size_t prefix_size = 4;

std::string packet(const std::string& content) {
  char size[prefix_size + 1];
  std::snprintf(size, sizeof size, "%04zx", (content.size() + prefix_size) & 0xffffU);
  return size + content;
}

}  // namespace

std::string pack_request(std::span<const git_oid> ids) {
  std::string request;
  const char* capabilities = " side-band-64k no-progress ofs-delta shallow agent=refgate";
  for (const auto& id : ids) {
    request += packet("want " + hex_of(id) + capabilities + "\n");
    capabilities = "";
  }
  return request + packet("deepen 1\n") + "0000" + packet("done\n");
}

void PackAnswer::feed(std::string_view bytes) {
  pending_ += bytes;
  std::size_t at = 0;
  while (pending_.size() - at >= prefix_size && state_ != State::done) {
    std::size_t size = 0;
    const char* start = pending_.data() + at;
    const auto [end, error] = std::from_chars(start, start + prefix_size, size, 16);
    if (error != std::errc{} || end != start + prefix_size || (size != 0 && size < prefix_size))
      throw PackAnswerError("the answer is not what git would say");
    if (size == 0) {
      flush();
      at += prefix_size;
      continue;
    }
    if (pending_.size() - at < size) break;
    line(std::string_view(pending_).substr(at + prefix_size, size - prefix_size));
    at += size;
  }
  pending_.erase(0, at);
}

void PackAnswer::flush() {
  if (state_ == State::shallow) {
    state_ = State::acknowledgement;
  } else if (state_ == State::pack) {
    state_ = State::done;
  } else {
    throw PackAnswerError("the answer is not what git would say");
  }
}

void PackAnswer::line(std::string_view content) {
  if (content.starts_with("ERR "))
    throw PackAnswerError("the server said: " + clean_text(content.substr(4)));
  switch (state_) {
    case State::shallow:
      if (content.starts_with("shallow ") || content.starts_with("unshallow ")) return;
      break;
    case State::acknowledgement:
      if (content.starts_with("NAK") || content.starts_with("ACK ")) {
        state_ = State::pack;
        return;
      }
      break;
    case State::pack:
      if (content.starts_with('\1')) return pack_(content.substr(1));
      if (content.starts_with('\2')) return;
      if (content.starts_with('\3'))
        throw PackAnswerError("the server said: " + clean_text(content.substr(1)));
      break;
    case State::done:
      break;
  }
  throw PackAnswerError("the answer is not what git would say");
}

}  // namespace refgate
