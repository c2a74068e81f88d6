#include "core/claim/outbox.h"

#include <algorithm>
#include <limits>

#include "core/words/shorten.h"

namespace refgate {
namespace {

/// Indentation, quotes and comma around a line of the list.
constexpr std::size_t around_a_line = 6;
constexpr unsigned quarters = 4;

std::size_t bytes_of(const AuditEntry& line) {
  return json_length(encode_entry(line)) + around_a_line;
}

unsigned level_of(std::size_t lines, std::size_t bytes) {
  // One line or one byte more than the bound is what does not fit.
  const std::size_t by_lines = (std::max<std::size_t>(lines, 1) - 1) * quarters;
  const std::size_t by_bytes = (std::max<std::size_t>(bytes, 1) - 1) * quarters;
  return static_cast<unsigned>(std::min<std::size_t>(
      quarters, std::max(by_lines / most_outbox_lines, by_bytes / most_outbox_bytes)));
}

std::size_t bytes_of(std::span<const AuditEntry> lines) {
  std::size_t bytes = 0;
  for (const AuditEntry& line : lines)
    bytes += bytes_of(line);
  return bytes;
}

}  // namespace

unsigned outbox_level(std::span<const AuditEntry> lines) {
  return level_of(lines.size(), bytes_of(lines));
}

bool outbox_has_grown(std::span<const AuditEntry> lines, std::size_t older) {
  const std::size_t bytes = bytes_of(lines.first(older));
  const unsigned level = level_of(lines.size(), bytes + bytes_of(lines.subspan(older)));
  return level == quarters || level > level_of(older, bytes);
}

void leave_out_oldest(Claim& claim, std::size_t own) {
  std::size_t lines = claim.outbox.size();
  std::size_t bytes = bytes_of(claim.outbox);
  if (level_of(lines, bytes) < quarters) return;
  std::size_t out = 0;
  for (; lines > own && level_of(lines, bytes) >= quarters - 1; ++out, --lines)
    bytes -= bytes_of(claim.outbox[out]);
  claim.outbox.erase(claim.outbox.begin(), claim.outbox.begin() + static_cast<std::ptrdiff_t>(out));
  const auto most = std::numeric_limits<unsigned>::max();
  claim.left_out = out > most - claim.left_out ? most : claim.left_out + static_cast<unsigned>(out);
}

std::uint64_t lines_left_out(const Claim& claim, Instant since) {
  const Instant last = std::max(claim.renewed_at, claim.ended_at.value_or(claim.renewed_at));
  return last < since ? 0 : claim.left_out;
}

}  // namespace refgate
