#include "store/wire/pkt_line.h"

#include <charconv>
#include <cstdio>

#include "store/git/git_runtime.h"

namespace refgate {
namespace {

constexpr std::size_t prefix_size = 4;
constexpr std::size_t longest = 65520;

}  // namespace

std::string packet(std::string_view content) {
  if (content.size() + prefix_size > longest) throw std::length_error("a packet that is too long");
  char size[prefix_size + 1];
  std::snprintf(size, sizeof size, "%04zx", content.size() + prefix_size);
  return size + std::string(content);
}

PacketKind take_packet(std::string_view& bytes, std::string_view& content) {
  content = {};
  if (bytes.size() < prefix_size) return PacketKind::cut;
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + prefix_size, size, 16);
  if (error != std::errc{} || end != bytes.data() + prefix_size || size == 2 || size == 3)
    throw WireError("the answer is not what git would say");
  if (size < prefix_size) {
    bytes.remove_prefix(prefix_size);
    return size == 0 ? PacketKind::flush : PacketKind::delimiter;
  }
  if (bytes.size() < size) return PacketKind::cut;
  content = bytes.substr(prefix_size, size - prefix_size);
  bytes.remove_prefix(size);
  if (content.starts_with("ERR "))
    throw WireError("the server said: " + clean_text(content.substr(4)), true);
  return PacketKind::data;
}

}  // namespace refgate
