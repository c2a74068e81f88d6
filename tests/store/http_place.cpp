#include "http_place.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

using namespace refgate;

NewLines::NewLines(std::string path) : path_(std::move(path)), before_(lines_of(path_).size()) {}

std::vector<std::string> NewLines::operator()() const {
  auto lines = lines_of(path_);
  lines.erase(lines.begin(), lines.begin() + static_cast<long>(before_));
  return lines;
}

std::string get(const std::string& repository, const char* service) {
  return "GET /" + name_of(repository) + "/info/refs?service=git-" + service;
}
std::string post(const std::string& repository, const char* service) {
  return "POST /" + name_of(repository) + "/git-" + service;
}

std::optional<StoreError> error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const StoreError& error) {
    return error;
  }
  return std::nullopt;
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

namespace {

std::vector<std::string> with_tls(bool tls, std::vector<std::string> arguments) {
  if (tls) arguments.emplace_back("--tls");
  return arguments;
}

}  // namespace

FaultyPlace::FaultyPlace(bool tls)
    : repository_(make_repository()),
      proxy_("faults.py", with_tls(tls, {"--upstream", http_server().fact("url"), "--plan",
                                         plan_file(), "--requests", log()})) {
  if (!tls) return;
  const char* before = std::getenv("SSL_CERT_FILE");
  trusted_before_ = before == nullptr ? "" : before;
  setenv("SSL_CERT_FILE", proxy_.fact("ca").c_str(), 1);
}

FaultyPlace::~FaultyPlace() {
  if (!trusted_before_) return;
  if (trusted_before_->empty()) {
    unsetenv("SSL_CERT_FILE");
  } else {
    setenv("SSL_CERT_FILE", trusted_before_->c_str(), 1);
  }
}

void FaultyPlace::hook(const std::string& name, const std::string& script) const {
  const std::string path = repository_ + "/hooks/" + name;
  std::filesystem::create_directories(repository_ + "/hooks");
  write_file(path, "#!/bin/sh\n" + script);
  std::filesystem::permissions(path, std::filesystem::perms(0755));
}

void FaultyPlace::plan(const std::string& rules) const { write_file(plan_file(), rules); }
std::string FaultyPlace::plan_file() const { return directory_.path() / "plan.json"; }
std::string FaultyPlace::log() const { return directory_.path() / "requests"; }
std::string FaultyPlace::address() const { return proxy_.fact("url") + "/" + name_of(repository_); }
std::shared_ptr<Store> FaultyPlace::open() const { return open_http(address()); }
std::shared_ptr<Store> FaultyPlace::direct() const {
  return open_http(http_server().fact("url") + "/" + name_of(repository_));
}

void FaultyPlace::await_closed_port() const {
  const std::string url = proxy_.fact("url");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
  for (bool accepted = true; accepted;) {
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    accepted = connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(probe);
  }
}
