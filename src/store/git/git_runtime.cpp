#include "store/git/git_runtime.h"
#include "core/secrets/url_secrets.h"

#include <git2.h>

#include <csignal>
#include <mutex>

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

}  // namespace

void start_git_runtime() {
  static std::once_flag once;
  std::call_once(once, [] {
    ignore_broken_pipes();
    use_built_in_name_services();
    if (git_libgit2_init() < 0)
      throw StoreError(StoreFailure::unreadable, "libgit2 did not start: " + last_git_error());
  });
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
  line = without_url_secrets(line, Query::marked);
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
