// Packs are written here and not by libgit2's builder, which wants an object database, looks for
// deltas and zeroes large buffers, for what are three small objects as a rule.

#include "store/wire/push_message.h"

#include <mbedtls/sha1.h>
#include <zlib.h>

#include <array>
#include <set>
#include <stdexcept>

#include "store/git/git_runtime.h"
#include "store/git/objects.h"
#include "store/wire/pkt_line.h"

namespace refgate {
namespace {

constexpr std::size_t longest_remarks = 2000;

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(number >> static_cast<unsigned>(shift));
  return bytes;
}

/// Type and size: three bits and four, then seven a byte (gitformat-pack).
std::string object_header(git_object_t type, std::size_t size) {
  std::string header;
  auto byte = (static_cast<unsigned>(type) << 4U) | static_cast<unsigned>(size & 15U);
  for (size >>= 4U; size != 0; size >>= 7U) {
    header += static_cast<char>(byte | 0x80U);
    byte = static_cast<unsigned>(size & 0x7fU);
  }
  return header + static_cast<char>(byte);
}

std::string deflated(std::string_view bytes) {
  std::string out(compressBound(static_cast<uLong>(bytes.size())), '\0');
  auto size = static_cast<uLongf>(out.size());
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()),
                Z_BEST_SPEED) != Z_OK)
    throw std::runtime_error("an object could not be compressed");
  out.resize(size);
  return out;
}

/// Takes the side bands apart when the server used them, as it was asked to; some do not.
std::string without_side_bands(std::string_view answer, const Masking& masked,
                               std::string& remarks) {
  std::string plain;
  for (std::string_view rest = answer; !rest.empty();) {
    std::string_view content;
    const PacketKind kind = take_packet(rest, content);
    if (kind == PacketKind::cut) throw WireError("the report of the push is not whole");
    if (kind != PacketKind::data || content.empty()) continue;
    switch (content.front()) {
      case '\1':
        plain += content.substr(1);
        break;
      case '\2':
        if (remarks.size() < longest_remarks) remarks += content.substr(1);
        break;
      case '\3':
        throw WireError("the server said: " + clean_text(masked(std::string(content.substr(1)))),
                        true);
      default:
        return std::string(answer);
    }
  }
  return plain;
}

}  // namespace

std::string make_pack(std::span<const PlannedChange* const> changes) {
  std::string objects;
  std::uint32_t count = 0;
  std::set<std::string_view> packed;
  for (const PlannedChange* change : changes) {
    if (!change->objects) continue;
    for (const EncodedObject& object : change->objects->objects) {
      const std::string_view id(reinterpret_cast<const char*>(object.id.id), GIT_OID_RAWSZ);
      if (!packed.insert(id).second) continue;
      objects += object_header(object.type, object.bytes.size()) + deflated(object.bytes);
      ++count;
    }
  }
  std::string pack = "PACK" + big_endian(2) + big_endian(count) + objects;
  std::array<unsigned char, GIT_OID_RAWSZ> digest{};
  if (mbedtls_sha1_ret(reinterpret_cast<const unsigned char*>(pack.data()), pack.size(),
                       digest.data()) != 0)
    throw std::runtime_error("hashing failed");
  return pack.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::string push_request(std::span<const PlannedChange* const> changes,
                         std::string_view capabilities) {
  std::string request;
  bool needs_objects = false;
  for (const PlannedChange* change : changes) {
    std::string line = hex_of(change->expected) + " " + hex_of(change->target) + " " + change->ref;
    if (request.empty()) line += '\0' + std::string(capabilities);
    request += packet(line);
    needs_objects = needs_objects || !change->deletes();
  }
  request += flush_packet;
  // A push of nothing but deletions has no pack.
  return needs_objects ? request + make_pack(changes) : request;
}

PushReport parse_push_report(std::string_view answer, const Masking& masked) {
  PushReport report;
  const std::string plain = without_side_bands(answer, masked, report.remarks);
  report.remarks = masked(std::move(report.remarks));
  bool begun = false;
  std::string unpacking;
  for (std::string_view rest = plain;;) {
    std::string_view line;
    const PacketKind kind = take_packet(rest, line);
    if (kind != PacketKind::data) break;
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.starts_with("unpack ")) {
      begun = true;
      if (line != "unpack ok") unpacking = clean_text(masked(std::string(line)));
    } else if (line.starts_with("ok ")) {
      report.accepted.emplace(line.substr(3));
    } else if (line.starts_with("ng ")) {
      line.remove_prefix(3);
      const auto blank = std::min(line.find(' '), line.size());
      std::string reason =
          clean_text(masked(std::string(line.substr(std::min(blank + 1, line.size())))));
      if (!unpacking.empty()) reason += " (" + unpacking + ")";
      report.refused[std::string(line.substr(0, blank))] =
          reason.empty() ? "refused without a reason" : reason;
    }
  }
  if (!begun)
    throw WireError(report.remarks.empty() ? "the answer to the push holds no report"
                                           : "the server said: " + clean_text(report.remarks));
  return report;
}

}  // namespace refgate
