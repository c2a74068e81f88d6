#include "server_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "os/process/child_process.h"

extern char** environ;

namespace {

std::string read_line(int from) {
  std::string line;
  for (char c = 0; ::read(from, &c, 1) == 1 && c != '\n';)
    line += c;
  return line;
}

}  // namespace

ServerProcess::ServerProcess(const std::string& program,
                             const std::vector<std::string>& arguments) {
  int input[2];
  int output[2];
  if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, output[1], STDOUT_FILENO);
  std::vector<std::string> words = {"python3", std::string(REFGATE_TEST_SERVERS) + "/" + program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const int error = posix_spawnp(&process_, "python3", &files, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  if (error == 0) line_ = read_line(output[0]);
  close(output[0]);
  if (error != 0 || line_.empty()) throw std::runtime_error(program + " did not start");
}

ServerProcess::~ServerProcess() {
  close(input_);
  waitpid(process_, nullptr, 0);
}

std::string ServerProcess::fact(const std::string& name) const {
  const auto facts = nlohmann::json::parse(line_);
  const auto it = facts.find(name);
  return it == facts.end() || it->is_null() ? std::string() : it->get<std::string>();
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

void write_file(const std::string& path, const std::string& content) {
  // Whole or not at all, for readers that look at any time.
  const std::string draft = path + ".new";
  {
    std::ofstream file(draft, std::ios::binary);
    file << content;
    if (!file.flush()) throw std::runtime_error("could not write " + path);
  }
  if (rename(draft.c_str(), path.c_str()) != 0)
    throw std::system_error(errno, std::generic_category(), path);
}

std::string run(const std::vector<std::string>& arguments, const std::string& input) {
  refgate::ChildCommand command;
  command.arguments = arguments;
  command.input = input;
  const auto result =
      refgate::run_child(command, std::chrono::steady_clock::now() + std::chrono::minutes(1));
  if (result.status != 0)
    throw std::runtime_error(arguments.front() + " ended with " + std::to_string(result.status) +
                             ": " + result.errors);
  return result.output;
}
