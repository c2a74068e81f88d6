// What the static binary has in place of libgit2's ssh transport and of its "Negotiate"
// authentication.
//
// Debian's libgit2.a is built with both, so linking it asks for libssh2 (and through it OpenSSL)
// and for GSSAPI, which has no static library at all. refgate reaches ssh remotes through the
// user's own git command and never offers GSSAPI credentials. The linker takes a member of an
// archive only for a symbol that is still missing: with these four defined here, ssh.c and
// auth_negotiate.c stay out, and all that they want with them.
#include <git2.h>
#include <git2/sys/transport.h>

extern "C" {

struct git_http_auth_context;  // libgit2's own, never looked into
struct git_net_url;

int git_transport_ssh_global_init();
int git_http_auth_negotiate(git_http_auth_context** out, const git_net_url* url);

/// Called by git_libgit2_init; there is nothing to prepare.
int git_transport_ssh_global_init() { return 0; }

int git_smart_subtransport_ssh(git_smart_subtransport** out, git_transport*, void*) {
  *out = nullptr;
  git_error_set_str(GIT_ERROR_INVALID, "this binary has no ssh transport of its own");
  return GIT_ERROR;
}

int git_transport_ssh_with_paths(git_transport** out, git_remote*, void*) {
  *out = nullptr;
  git_error_set_str(GIT_ERROR_INVALID, "this binary has no ssh transport of its own");
  return GIT_ERROR;
}

/// Called when a server offers "Negotiate". GIT_PASSTHROUGH says that the scheme cannot be used, so
/// that the next one of the offer is looked at.
int git_http_auth_negotiate(git_http_auth_context** out, const git_net_url*) {
  *out = nullptr;
  return GIT_PASSTHROUGH;
}

// libgit2 1.5 reads the query of a redirect without looking whether there is one, and the process
// ends (net.c, remove_service_suffix). refgate follows no redirect, so with this in its place
// (--wrap in static.cmake) each one is an error. The arguments differ between versions, and none is
// needed.
int __wrap_git_net_url_apply_redirect();
int __wrap_git_net_url_apply_redirect() {
  git_error_set_str(GIT_ERROR_HTTP, "the server answered with a redirect, which is not followed");
  return GIT_ERROR;
}

// libgit2 reads all certificates of the machine whenever it starts. They are read when TLS is
// needed (store/git/git_runtime.h), and not before.
struct mbedtls_x509_crt;
extern int refgate_certificates_wanted;
int __real_mbedtls_x509_crt_parse_file(mbedtls_x509_crt* chain, const char* path);
int __wrap_mbedtls_x509_crt_parse_file(mbedtls_x509_crt* chain, const char* path);
int __wrap_mbedtls_x509_crt_parse_file(mbedtls_x509_crt* chain, const char* path) {
  return refgate_certificates_wanted != 0 ? __real_mbedtls_x509_crt_parse_file(chain, path) : 0;
}

}  // extern "C"
