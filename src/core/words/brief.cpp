#include "core/words/brief.h"

#include <cstddef>

namespace refgate {
namespace {

constexpr std::size_t longest = 1500;
constexpr std::size_t kept_at_an_end = 500;

/// True for a byte in the midst of a character of UTF-8.
bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

std::string brief(std::string_view message) {
  if (message.size() <= longest) return std::string(message);
  std::size_t head = kept_at_an_end;
  while (head > kept_at_an_end - 4 && continues(message[head]))
    --head;
  std::size_t tail = message.size() - kept_at_an_end;
  while (tail < message.size() - kept_at_an_end + 4 && continues(message[tail]))
    ++tail;
  return std::string(message.substr(0, head)) + "…" + std::string(message.substr(tail));
}

}  // namespace refgate
