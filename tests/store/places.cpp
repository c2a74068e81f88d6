#include "places.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "catch.h"
#include "store/git/temporary_directory.h"

using namespace refgate;
using namespace std::chrono_literals;

#ifdef __SANITIZE_ADDRESS__
// libgit2 1.5 forgets a regular expression's workspace when a configuration key does not match
// (git_regexp_match in regexp.c).
extern "C" const char* __lsan_default_suppressions() { return "leak:libpcre2-8\n"; }
#endif

namespace {

std::shared_ptr<Store> patient(std::shared_ptr<Store> store) {
  store->set_deadline(std::chrono::steady_clock::now() + 2min);
  return store;
}

Place make_memory() {
  const std::shared_ptr<Store> store = patient(open_memory_store());
  return {"", "memory", {}, [store] { return store; }};
}

Place make_path() {
  const std::string repository = make_repository();
  return {repository, repository, {"path", repository}, [repository] {
            return patient(open_path_store(repository));
          }};
}

Place make_command(const std::string& prefix) {
  const std::string repository = make_repository();
  const std::string address = prefix + repository;
  return {repository, address, {"git", address}, [address] {
            return patient(open_command_store(address));
          }};
}

Place make_http(const ServerProcess& server, const std::string& token) {
  const std::string repository = make_repository();
  const std::string address = server.fact("url") + "/" + name_of(repository);
  return {repository, address, {"http", address, token}, [address, token] {
            return open_http(address, token);
          }};
}

}  // namespace

const std::vector<Backend>& backends() {
  static const std::vector<Backend> all = {
      {"memory", make_memory},
      {"path", make_path},
      {"git command over file://", [] { return make_command("file://"); }},
      {"git command over ssh", [] { return make_command(ssh_server().fact("url")); }},
      {"http", [] { return make_http(http_server(), ""); }},
      {"https", [] { return make_http(https_server(), test_token); }},
  };
  return all;
}

const Backend& backend(const std::string& name) {
  for (const auto& candidate : backends()) {
    if (candidate.name == name) return candidate;
  }
  throw std::out_of_range(name);
}

const std::string& root() {
  static const TemporaryDirectory directory;
  static const std::string path = directory.path().string();
  return path;
}

const ServerProcess& http_server() {
  static const ServerProcess server("serve.py", {"--root", root()});
  return server;
}

const ServerProcess& https_server() {
  static const ServerProcess server("serve.py", {"--root", root(), "--tls", "--auth", test_token});
  static const bool trusted = [] {
    setenv("SSL_CERT_FILE", server.fact("ca").c_str(), 1);
    unsetenv("SSL_CERT_DIR");
    return true;
  }();
  (void)trusted;
  return server;
}

const ServerProcess& ssh_server() {
  static const ServerProcess server("sshd.py", {"--root", root()});
  static const bool used = [] {
    setenv("GIT_SSH_COMMAND", server.fact("ssh_command").c_str(), 1);
    return true;
  }();
  (void)used;
  return server;
}

std::string make_repository() {
  static std::atomic<int> count = 0;
  const std::string repository = root() + "/r" + std::to_string(++count) + ".git";
  run({"git", "init", "--quiet", "--bare", repository});
  run({"git", "-C", repository, "config", "http.receivepack", "true"});
  return repository;
}

std::string name_of(const std::string& repository) {
  return std::filesystem::path(repository).filename().string();
}

std::shared_ptr<Store> open_http(const std::string& url, const std::string& token) {
  return patient(open_https_store({url, token.empty() ? "" : authorization_for_token(token)}));
}

Snapshot snapshot(const std::string& content, const std::string& message) {
  Snapshot made;
  made.files["claim.json"] = content;
  made.message = message;
  made.time = Instant(1'795'315'240'123ms);
  return made;
}

Change create(const std::string& ref, const std::string& content) {
  return {ref, std::nullopt, snapshot(content)};
}
Change update(const std::string& ref, const Version& from, const std::string& content) {
  return {ref, from, snapshot(content)};
}
Change remove(const std::string& ref, const Version& from) { return {ref, from, std::nullopt}; }

std::vector<SwapOutcome> swap(Store& store, const std::vector<Change>& changes) {
  return store.swap(changes);
}

Version must_swap(Store& store, const Change& change) {
  const auto outcomes = swap(store, {change});
  REQUIRE(outcomes.size() == 1);
  INFO(outcomes[0].message);
  REQUIRE(outcomes[0].result == SwapResult::swapped);
  return outcomes[0].version.value_or(Version{});
}

std::map<std::string, Stored> read(Store& store, const std::vector<std::string>& refs) {
  return store.read(refs);
}

Version nobodys_version() { return {std::string(40, 'b')}; }
