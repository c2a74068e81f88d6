#include "store/git/git_runtime.h"

#include <git2.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "store/git/socket_stream.h"
#include "store/store.h"

#if defined(__GLIBC__) && defined(REFGATE_STATIC)
#include <nss.h>
#endif

extern "C" {
int refgate_certificates_wanted = 0;
}

namespace refgate {
namespace {

void ignore_broken_pipes() {
  struct sigaction action {};
  if (sigaction(SIGPIPE, nullptr, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
      action.sa_handler == SIG_DFL) {
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
  }
}

// libgit2 1.5 takes "host:port" for a malformed URL, and an empty value for one too; curl and git
// read them as http:// and "no proxy".
void normalise_proxies() {
  for (const auto& [lower, upper] :
       {std::pair{"https_proxy", "HTTPS_PROXY"}, std::pair{"http_proxy", "HTTP_PROXY"}}) {
    for (const char* name : {lower, upper}) {
      const char* value = std::getenv(name);
      if (value == nullptr) continue;
      const std::string text = value;
      if (text.empty()) {
        unsetenv(lower);
        unsetenv(upper);
        break;
      }
      if (text.find("://") == std::string::npos) setenv(name, ("http://" + text).c_str(), 1);
    }
  }
}

// A static glibc loads the name service modules of the host's glibc, which may be another version:
// with `resolve`, `mdns4_minimal` or `myhostname` in nsswitch.conf the process died with SIGFPE.
// The built-in ones are enough.
void use_built_in_name_services() {
#if defined(__GLIBC__) && defined(REFGATE_STATIC)
  __nss_configure_lookup("hosts", "files dns");
  __nss_configure_lookup("passwd", "files");
  __nss_configure_lookup("group", "files");
#endif
}

std::optional<std::string> set_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

constexpr const char* default_of_libgit2 = "/etc/ssl/certs/ca-certificates.crt";
// Debian, Alpine (its older name), Fedora and RHEL, SUSE.
constexpr std::array bundles = {default_of_libgit2,
                                "/etc/ssl/cert.pem",
                                "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                "/etc/pki/tls/certs/ca-bundle.crt",
                                "/etc/ssl/ca-bundle.pem",
                                "/var/lib/ca-certificates/ca-bundle.pem"};

bool is_file(const char* path) {
  struct stat status {};
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

}  // namespace

void start_git_runtime() {
  static std::once_flag once;
  std::call_once(once, [] {
    ignore_broken_pipes();
    use_built_in_name_services();
    normalise_proxies();
    if (git_libgit2_init() < 0)
      throw StoreError(StoreFailure::unreadable, "libgit2 did not start: " + last_git_error());
    register_socket_stream();
  });
}

void trust_certificates() {
  static std::mutex mutex;
#ifdef REFGATE_STATIC
  static std::pair<std::string, std::string> trusted;
  refgate_certificates_wanted = 1;
#else
  static std::pair<std::string, std::string> trusted = {default_of_libgit2, ""};
#endif
  const std::lock_guard lock(mutex);
  const auto file = set_variable("SSL_CERT_FILE");
  const auto directory = set_variable("SSL_CERT_DIR");
  std::pair<std::string, std::string> wanted = {file.value_or(""), directory.value_or("")};
  if (!file && !directory) {
    for (const char* bundle : bundles) {
      if (is_file(bundle)) {
        wanted.first = bundle;
        break;
      }
    }
    if (wanted.first.empty()) return;
  }
  if (wanted == trusted) return;
  const auto or_null = [](const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
  };
  if (git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, or_null(wanted.first),
                       or_null(wanted.second)) < 0) {
    throw StoreError(StoreFailure::denied,
                     "the certificates in " +
                         clean_text(wanted.first.empty() ? wanted.second : wanted.first) +
                         " could not be loaded: " + last_git_error() + "; nothing was sent",
                     "let SSL_CERT_FILE name a readable file of PEM certificates, or unset it");
  }
  trusted = wanted;
}

std::string last_git_error() {
  const git_error* error = git_error_last();
  if (error == nullptr || error->message == nullptr || *error->message == '\0')
    return "no reason given";
  return clean_text(error->message);
}

std::string clean_text(std::string_view text) {
  constexpr std::size_t longest = 400;
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte < 0x20 || byte == 0x7f;
    if (control && (line.empty() || line.back() == ' ')) continue;
    line += control ? ' ' : c;
  }
  for (std::size_t scheme = line.find("://"); scheme != std::string::npos;
       scheme = line.find("://", scheme + 3)) {
    const auto end = line.find_first_of("/?# '\"", scheme + 3);
    const auto at = line.substr(0, end).rfind('@');
    if (at != std::string::npos && at > scheme) line.erase(scheme + 3, at - scheme - 2);
    // What stands behind the path may be a secret too: ?access_token=…
    const auto stop = std::min(line.find_first_of(" '\"<>", scheme + 3), line.size());
    const auto query = line.find_first_of("?#", scheme + 3);
    if (query < stop) line.replace(query + 1, stop - query - 1, "…");
  }
  if (line.size() > longest) {
    std::size_t cut = longest;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xc0U) == 0x80U)
      --cut;
    line.resize(cut);
    line += "…";
  }
  while (!line.empty() && line.back() == ' ')
    line.pop_back();
  return line;
}

std::string describe_remote(std::string_view remote) { return clean_text(remote); }

}  // namespace refgate
