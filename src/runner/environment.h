#pragma once
// The process' environment as a value, so that a test can give another one.

#include <map>
#include <string>
#include <string_view>

namespace refgate {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string, std::less<>> variables)
      : variables_(std::move(variables)) {}
  /// Of the process, without tokens in names.
  static Environment of_process();

  /// Empty when unset.
  std::string get(std::string_view name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::string() : found->second;
  }
  const std::map<std::string, std::string, std::less<>>& variables() const { return variables_; }
  bool in_actions() const { return get("GITHUB_ACTIONS") == "true"; }

 private:
  /// What others named (branches, workflows, actors, the user) and what is stored cannot be refused
  /// for holding the token in use: what holds it there is replaced.
  void forget_tokens_in_names();

  std::map<std::string, std::string, std::less<>> variables_;
};

/// The server that the run is on: GITHUB_SERVER_URL, else GitHub's own.
std::string server_url(const Environment& environment);

}  // namespace refgate
