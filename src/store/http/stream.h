#pragma once
// A connection to one place, plain or under TLS, with the time limits of the call that is under
// way.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace refgate {

/// Why a connection cannot be made or used, for people: "host:port refused: …".
struct StreamFailed {
  std::string text;
  bool certificate = false;  ///< the certificate was not accepted: nothing was said to the server
  bool out_of_time = false;  ///< the call's deadline is over
  std::string hint = {};     ///< what mends it, where that is known: trying again does not
};

class Stream {
 public:
  using Time = std::chrono::steady_clock::time_point;

  virtual ~Stream() = default;

  /// No operation outlasts this, nor 15 s in which nothing happens.
  virtual void set_deadline(Time deadline) = 0;

  /// Sends all of it. Throws StreamFailed.
  virtual void write(std::string_view bytes) = 0;

  /// At least one byte, or 0 at the end of the connection. Throws StreamFailed.
  virtual std::size_t read(char* into, std::size_t size) = 0;

  /// False when the other side has closed the connection, as far as that is known here.
  virtual bool alive() const = 0;
};

/// Throws StreamFailed. TCP_NODELAY is set; of several addresses the first that answers is used.
std::unique_ptr<Stream> connect_to(const std::string& host, const std::string& port,
                                   Stream::Time deadline);

/// TLS 1.2 over `inner`, which is connected to `host`: the certificate must be vouched for by what
/// SSL_CERT_FILE and SSL_CERT_DIR name, else by the bundle of this distribution, and name the host.
/// Throws StreamFailed, and StoreError (denied) when the certificates to trust cannot be read.
std::unique_ptr<Stream> wrap_in_tls(std::unique_ptr<Stream> inner, const std::string& host,
                                    Stream::Time deadline);

/// Reads the certificates to trust now, where the variables name them. Throws StoreError (denied).
void require_trusted_certificates();

}  // namespace refgate
