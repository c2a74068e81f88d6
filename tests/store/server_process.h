#pragma once
// A server of tests/server, for as long as this object lives.

#include <sys/types.h>

#include <string>
#include <vector>

class ServerProcess {
 public:
  /// `program` is a file in tests/server. Returns when it answers; throws std::runtime_error when
  /// it does not start.
  ServerProcess(const std::string& program, const std::vector<std::string>& arguments);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// A fact from the line that the server printed; empty when it is not there or null.
  std::string fact(const std::string& name) const;

 private:
  pid_t process_ = -1;
  int input_ = -1;
  std::string line_;
};

/// The lines of a file; none when there is no such file.
std::vector<std::string> lines_of(const std::string& path);
void write_file(const std::string& path, const std::string& content);

/// Runs a program and returns its output. Throws std::runtime_error unless it exits with 0.
std::string run(const std::vector<std::string>& arguments, const std::string& input = {});
