// TLS by mbedTLS, with the chain and the host's name checked. HTTP is read above it, so that what
// holds for http:// holds for https:// (http_client.h).

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/text/time.h"
#include "store/git/git_runtime.h"
#include "store/http/stream.h"
#include "store/store.h"

namespace refgate {
namespace {

// Debian, Alpine (its older name), Fedora and RHEL, SUSE.
constexpr std::array bundles = {"/etc/ssl/certs/ca-certificates.crt",
                                "/etc/ssl/cert.pem",
                                "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                "/etc/pki/tls/certs/ca-bundle.crt",
                                "/etc/ssl/ca-bundle.pem",
                                "/var/lib/ca-certificates/ca-bundle.pem"};

std::optional<std::string> set_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

bool is_file(const char* path) {
  struct stat status {};
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

std::string words_of(int error) {
  std::array<char, 200> text{};
  mbedtls_strerror(error, text.data(), text.size());
  return clean_text(text.data());
}

struct Certificates {
  Certificates() { mbedtls_x509_crt_init(&chain); }
  ~Certificates() { mbedtls_x509_crt_free(&chain); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  mbedtls_x509_crt chain{};
};

std::shared_ptr<Certificates> read_certificates(const std::string& file,
                                                const std::string& directory) {
  auto read = std::make_shared<Certificates>();
  refgate_certificates_wanted = 1;
  // A positive number says how many of a bundle were not understood.
  int error = 0;
  if (!file.empty()) error = mbedtls_x509_crt_parse_file(&read->chain, file.c_str());
  if (error >= 0 && !directory.empty())
    error = mbedtls_x509_crt_parse_path(&read->chain, directory.c_str());
  if (error < 0 || read->chain.version == 0) {
    throw StoreError(
        StoreFailure::denied,
        "the certificates in " + clean_text(file.empty() ? directory : file) +
            " could not be loaded: " + (error < 0 ? words_of(error) : "there is none in it") +
            "; nothing was sent",
        "let SSL_CERT_FILE name a readable file of PEM certificates, or unset it");
  }
  return read;
}

/// Read once for each set of places. Empty when there is nothing to trust.
std::shared_ptr<Certificates> trusted_certificates() {
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::string>, std::shared_ptr<Certificates>> known;
  std::pair<std::string, std::string> wanted = {set_variable("SSL_CERT_FILE").value_or(""),
                                                set_variable("SSL_CERT_DIR").value_or("")};
  if (wanted.first.empty() && wanted.second.empty()) {
    for (const char* bundle : bundles) {
      if (is_file(bundle)) {
        wanted.first = bundle;
        break;
      }
    }
    if (wanted.first.empty()) return std::make_shared<Certificates>();
  }
  const std::lock_guard lock(mutex);
  auto& found = known[wanted];
  if (!found) found = read_certificates(wanted.first, wanted.second);
  return found;
}

constexpr auto name_trusted =
    "let SSL_CERT_FILE name the certificates to trust (PEM), or SSL_CERT_DIR a directory of them";
constexpr auto another_version =
    "TLS 1.2 is spoken here, and nothing newer or older: let the server, or the proxy before it, "
    "take TLS 1.2 too, with a common cipher suite";

/// What mends it: each fault of a certificate has its own.
std::string cure_of(std::uint32_t flags, const std::string& host) {
  std::string cure;
  const auto add = [&](const std::string& words) { cure += (cure.empty() ? "" : "; ") + words; };
  const auto clock = [] {
    return " (the clock here says " +
           format_rfc3339(std::chrono::floor<Duration>(std::chrono::system_clock::now()))
               .substr(0, 10) +
           ")";
  };
  if ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0)
    add("the certificate has expired: let who runs the server renew it" + clock());
  if ((flags & MBEDTLS_X509_BADCERT_FUTURE) != 0)
    add("the certificate is not valid yet: set the clock of this machine right, or let who runs "
        "the server give another" +
        clock());
  if ((flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0)
    add("the certificate is for another name than " + clean_text(host) +
        ": give the address by a name that is in it, or let who runs the server give one that "
        "names it");
  // What nobody vouches for says nothing else that could be relied on.
  if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) add(name_trusted);
  if (cure.empty()) add("let who runs the server give a certificate that is fit for it");
  return cure;
}

class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<Stream> inner, const std::string& host)
      : inner_(std::move(inner)), host_(host), trusted_(trusted_certificates()) {
    mbedtls_ssl_init(&ssl_);
    mbedtls_ssl_config_init(&config_);
    mbedtls_entropy_init(&entropy_);
    mbedtls_ctr_drbg_init(&random_);
  }
  ~TlsStream() override {
    // No farewell: each answer says by itself where it ends.
    mbedtls_ssl_free(&ssl_);
    mbedtls_ssl_config_free(&config_);
    mbedtls_ctr_drbg_free(&random_);
    mbedtls_entropy_free(&entropy_);
  }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  void handshake() {
    require(mbedtls_ctr_drbg_seed(&random_, mbedtls_entropy_func, &entropy_, nullptr, 0));
    require(mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT,
                                        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_min_version(&config_, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config_, &trusted_->chain, nullptr);
    mbedtls_ssl_conf_rng(&config_, mbedtls_ctr_drbg_random, &random_);
    require(mbedtls_ssl_setup(&ssl_, &config_));
    require(mbedtls_ssl_set_hostname(&ssl_, host_.c_str()));
    mbedtls_ssl_set_bio(&ssl_, this, send_below, read_below, nullptr);
    const int error = mbedtls_ssl_handshake(&ssl_);
    if (error == 0) return;
    if (failed_) throw *failed_;
    const auto flags = mbedtls_ssl_get_verify_result(&ssl_);
    if (flags != 0 && flags != 0xffffffffU) {
      std::array<char, 500> why{};
      mbedtls_x509_crt_verify_info(why.data(), why.size(), "", flags);
      throw StreamFailed{clean_text(why.data()), true, false, cure_of(flags, host_)};
    }
    if (error == MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED)
      throw StreamFailed{"there are no certificates to trust here", true, false, name_trusted};
    throw StreamFailed{host_ + " ended the TLS handshake: " + words_of(error), false, false,
                       is_disagreement(error) ? another_version : ""};
  }

  void set_deadline(Time deadline) override { inner_->set_deadline(deadline); }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const int count = mbedtls_ssl_write(
          &ssl_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      if (count <= 0) fail(count);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  std::size_t read(char* into, std::size_t size) override {
    const int count = mbedtls_ssl_read(&ssl_, reinterpret_cast<unsigned char*>(into), size);
    if (count == 0 || count == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ||
        count == MBEDTLS_ERR_SSL_CONN_EOF)
      return 0;
    if (count < 0) fail(count);
    return static_cast<std::size_t>(count);
  }

  bool alive() const override { return inner_->alive(); }

 private:
  // mbedTLS is C: what the socket throws is kept while it unwinds by codes.
  static int send_below(void* self, const unsigned char* bytes, std::size_t size) {
    return static_cast<TlsStream*>(self)->guarded([&](Stream& inner) {
      inner.write({reinterpret_cast<const char*>(bytes), size});
      return static_cast<int>(size);
    });
  }
  static int read_below(void* self, unsigned char* into, std::size_t size) {
    return static_cast<TlsStream*>(self)->guarded([&](Stream& inner) {
      return static_cast<int>(inner.read(reinterpret_cast<char*>(into), size));
    });
  }
  template <class Operation>
  int guarded(const Operation& operation) {
    try {
      return operation(*inner_);
    } catch (const StreamFailed& failed) {
      failed_ = failed;
      return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
  }

  /// The two sides have no common ground, which another try does not bring.
  bool is_disagreement(int error) const {
    static constexpr std::array alerts = {
        MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION,
        MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY, MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_EXT};
    switch (error) {
      case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
      case MBEDTLS_ERR_SSL_BAD_HS_SERVER_HELLO:
      case MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN:
        return true;
      case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        return ssl_.in_msg != nullptr && std::ranges::find(alerts, ssl_.in_msg[1]) != alerts.end();
      default:
        return false;
    }
  }

  [[noreturn]] void fail(int error) {
    if (failed_) throw *std::exchange(failed_, std::nullopt);
    throw StreamFailed{host_ + " broke the TLS session: " + words_of(error)};
  }
  void require(int error) const {
    if (error != 0) throw StreamFailed{"TLS could not be set up: " + words_of(error)};
  }

  std::unique_ptr<Stream> inner_;
  std::string host_;
  std::shared_ptr<Certificates> trusted_;
  std::optional<StreamFailed> failed_;
  mbedtls_ssl_context ssl_{};
  mbedtls_ssl_config config_{};
  mbedtls_entropy_context entropy_{};
  mbedtls_ctr_drbg_context random_{};
};

}  // namespace

std::unique_ptr<Stream> wrap_in_tls(std::unique_ptr<Stream> inner, const std::string& host,
                                    Stream::Time deadline) {
  inner->set_deadline(deadline);
  auto stream = std::make_unique<TlsStream>(std::move(inner), host);
  stream->handshake();
  return stream;
}

void require_trusted_certificates() {
  if (set_variable("SSL_CERT_FILE") || set_variable("SSL_CERT_DIR")) trusted_certificates();
}

}  // namespace refgate
