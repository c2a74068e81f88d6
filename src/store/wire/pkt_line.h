#pragma once
// git's framing: a length in four hexadecimal digits, then the content (gitprotocol-common,
// "pkt-line Format").

#include <stdexcept>
#include <string>
#include <string_view>

namespace refgate {

/// An answer that is not what git would say, or an error that the server reported in git's own
/// form.
class WireError : public std::runtime_error {
 public:
  explicit WireError(const std::string& text, bool said_by_server = false)
      : std::runtime_error(text), said_by_server_(said_by_server) {}
  bool said_by_server() const { return said_by_server_; }

 private:
  bool said_by_server_;
};

/// The repository names its objects otherwise than this program.
class ForeignNames : public WireError {
 public:
  ForeignNames()
      : WireError(
            "the repository uses object names other than SHA-1 (SHA-256, as a rule), which this "
            "version does not know") {}
};

inline constexpr const char* flush_packet = "0000";
inline constexpr const char* delimiter_packet = "0001";

/// Throws std::length_error for more than a packet can hold.
std::string packet(std::string_view content);

enum class PacketKind {
  data,
  flush,
  delimiter,
  cut  ///< the bytes end before the packet does
};

/// Takes the first packet off `bytes`; nothing is taken when it is cut. Throws WireError for a
/// length that is none, and for a line "ERR …", with the server's words.
PacketKind take_packet(std::string_view& bytes, std::string_view& content);

}  // namespace refgate
