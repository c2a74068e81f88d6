#pragma once
// What this process sets up once before it touches git, and what libgit2 said last.

#include <string>
#include <string_view>

extern "C" {
/// Set once certificates are wanted. libgit2 reads all those of the machine whenever it starts, for
/// a TLS of its own that is not used here, which costs a quarter of a whole gate; the static
/// binary's linker puts a function in between that reads them only when this is set
/// (cmake/static_stubs.cpp).
extern int refgate_certificates_wanted;
}

namespace refgate {

/// Starts libgit2 and ignores SIGPIPE (unless the process has a handler of its own). Thread-safe,
/// and done once; every store factory calls it. Throws StoreError when libgit2 does not start.
void start_git_runtime();

/// What libgit2 said last on this thread, fit for a message; "no reason given" when it said
/// nothing.
std::string last_git_error();

/// Text of strangers for a message: one line, without control characters, without "user:password@"
/// in URLs and what follows their "?" or "#", at most 400 bytes.
std::string clean_text(std::string_view text);

/// A remote for people: clean_text, and without user information even when it is not a proper URL.
std::string describe_remote(std::string_view remote);

}  // namespace refgate
