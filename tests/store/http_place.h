#pragma once
// What the tests of the https store look at: request lines, errors, and a server behind a proxy
// with faults.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "places.h"
#include "store/git/temporary_directory.h"

/// The lines that a log has got since this object was made.
class NewLines {
 public:
  explicit NewLines(std::string path);
  std::vector<std::string> operator()() const;

 private:
  std::string path_;
  std::size_t before_;
};

/// The requests of a service ("receive-pack", "upload-pack") as the servers log them, without the
/// status.
std::string get(const std::string& repository, const char* service);
std::string post(const std::string& repository, const char* service);

std::optional<refgate::StoreError> error_of(const std::function<void()>& call);
bool mentions(const std::string& text, const std::string& part);

/// The plain server behind a proxy with faults, which speaks TLS on request. While a place with TLS
/// lives, its authority is the one that is trusted.
class FaultyPlace {
 public:
  explicit FaultyPlace(bool tls = false);
  ~FaultyPlace();
  FaultyPlace(const FaultyPlace&) = delete;
  FaultyPlace& operator=(const FaultyPlace&) = delete;

  /// JSON, as tests/server/faults.py describes it.
  void plan(const std::string& rules) const;
  std::string log() const;
  std::shared_ptr<refgate::Store> open() const;
  std::shared_ptr<refgate::Store> direct() const;
  std::string address() const;
  const std::string& repository() const { return repository_; }
  /// An executable below hooks/.
  void hook(const std::string& name, const std::string& script) const;

  /// Until nobody listens at the proxy's port any more.
  void await_closed_port() const;

 private:
  std::string plan_file() const;

  refgate::TemporaryDirectory directory_;
  std::string repository_;
  ServerProcess proxy_;
  std::optional<std::string> trusted_before_;
};
