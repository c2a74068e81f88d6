// What the store over the git command promises besides the contract.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "catch.h"
#include "http_place.h"
#include "os/process/child_process.h"
#include "store/git/temporary_directory.h"

using namespace refgate;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

const std::string claim = "refs/refgate/claims/abc/one";

/// Variables of the environment, as long as the object lives.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& variables) {
    for (const auto& [name, value] : variables) {
      const char* former = std::getenv(name.c_str());
      former_[name] = former == nullptr ? std::nullopt : std::optional<std::string>(former);
      setenv(name.c_str(), value.c_str(), 1);
    }
  }
  ~Environment() {
    for (const auto& [name, value] : former_) {
      if (value) {
        setenv(name.c_str(), value->c_str(), 1);
      } else {
        unsetenv(name.c_str());
      }
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::map<std::string, std::optional<std::string>> former_;
};

std::string script(const TemporaryDirectory& directory, const std::string& name,
                   const std::string& body) {
  const std::string path = directory.path() / name;
  write_file(path, "#!/bin/sh\n" + body);
  std::filesystem::permissions(path, std::filesystem::perms(0755));
  return path;
}

}  // namespace

TEST_CASE("an uncontended swap is one process, a lost one two, and a reading two", "[command]") {
  const Place place = backend("git command over file://").make();
  const auto store = place.open();
  must_swap(*store, create(claim, "one"));
  CHECK(store->traffic().exchanges == 1);
  CHECK(store->traffic().pushes == 1);
  const auto other = place.open();
  CHECK(swap(*other, {create(claim, "late")}).at(0).result == SwapResult::stale);
  CHECK(other->traffic().exchanges == 2);
  CHECK(read(*other, {claim}).size() == 1);
  CHECK(other->traffic().exchanges == 3);
}

TEST_CASE("an address that git would take for an option or a command is refused", "[command]") {
  for (const char* address : {"", "-", "--upload-pack=touch x", "ext::sh -c true", "a\nb"}) {
    INFO(address);
    const auto error = error_of([&] { open_command_store(address); });
    REQUIRE(error);
    CHECK(error->failure() == StoreFailure::denied);
  }
}

TEST_CASE("without a git command the store says what is missing", "[command]") {
  const TemporaryDirectory empty;
  const Environment environment({{"PATH", empty.path().string()}});
  const auto error = error_of([&] { open_command_store("ssh://host/r.git"); });
  REQUIRE(error);
  CHECK(std::string(error->what()).find("git") != std::string::npos);
  CHECK_FALSE(error->hint().empty());
}

TEST_CASE("the user's own configuration counts: insteadOf, credential helper, certificates",
          "[command]") {
  const std::string repository = make_repository();
  const TemporaryDirectory directory;
  const std::string helper = script(
      directory, "helper",
      "test \"$1\" = get && printf 'username=x-access-token\\npassword=" + std::string(test_token) +
          "\\n'\n");
  const std::string ca = https_server().fact("ca");
  const std::string config = directory.path() / "gitconfig";
  write_file(config, "[url \"" + https_server().fact("url") +
                         "/\"]\n\tinsteadOf = short:\n[credential]\n\thelper = " + helper +
                         "\n[http]\n\tsslCAInfo = " + ca + "\n");
  const Environment environment({{"GIT_CONFIG_GLOBAL", config}, {"GIT_SSL_CAINFO", ca}});
  const auto store = open_command_store("short:" + name_of(repository));
  const Version made = must_swap(*store, create(claim, "one"));
  CHECK(read(*open_path_store(repository), {claim}).at(claim).version == made);
}

TEST_CASE("a server that refuses is told apart from one that cannot be reached", "[command]") {
  const Environment environment({{"GIT_SSL_CAINFO", https_server().fact("ca")},
                                 {"GIT_CONFIG_GLOBAL", "/dev/null"},
                                 {"GIT_ASKPASS", "/bin/false"}});
  static const ServerProcess read_only("serve.py", {"--root", root(), "--read-only"});
  const std::string repository = make_repository();
  struct Row {
    std::string address;
    StoreFailure failure;
  };
  const std::vector<Row> rows = {
      {https_server().fact("url") + "/" + name_of(repository), StoreFailure::denied},
      {http_server().fact("url") + "/none.git", StoreFailure::denied},
      {read_only.fact("url") + "/" + name_of(repository), StoreFailure::read_only},
      {root() + "/none.git", StoreFailure::denied},
      {ssh_server().fact("url") + "/nonexistent/r.git", StoreFailure::denied},
      {"http://127.0.0.1:1/r.git", StoreFailure::unreachable},
      {"ssh://127.0.0.1:1/r.git", StoreFailure::unreachable},
  };
  for (const auto& row : rows) {
    INFO(row.address);
    const auto store = open_command_store(row.address);
    store->set_deadline(Clock::now() + (row.failure == StoreFailure::unreachable ? 3s : 60s));
    const auto error = error_of([&] { swap(*store, {create(claim, "x")}); });
    REQUIRE(error);
    INFO(error->what());
    CHECK(error->failure() == row.failure);
    CHECK(std::string(error->what()).find('\n') == std::string::npos);
  }
  CHECK(read(*open_path_store(repository), {claim}).empty());
}

TEST_CASE("a git command that does not end is killed at the deadline with all that it has started",
          "[command]") {
  const TemporaryDirectory directory;
  const std::string pids = directory.path() / "pids";
  // In place of ssh: notes itself and its child, and hangs.
  const std::string hanging =
      script(directory, "hang", "sleep 1000 &\necho $! $$ >>'" + pids + "'\nwait\n");
  const Environment environment({{"GIT_SSH_COMMAND", hanging}, {"GIT_SSH_VARIANT", "simple"}});
  const auto store = open_command_store("ssh://host/r.git");
  store->set_deadline(Clock::now() + 1500ms);
  const auto error = error_of([&] { swap(*store, {create(claim, "x")}); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreachable);
  const auto lines = lines_of(pids);
  REQUIRE_FALSE(lines.empty());
  for (const auto& line : lines) {
    for (const auto& pid : {line.substr(0, line.find(' ')), line.substr(line.find(' ') + 1)}) {
      const auto state = lines_of("/proc/" + pid + "/stat");
      // Gone, or waiting for its parent to notice.
      CHECK((state.empty() || state[0].find(") Z") != std::string::npos));
    }
  }
}

TEST_CASE(
    "a reply that is lost after the server did the work is found by reading back, also by the git "
    "command",
    "[command]") {
  const std::string repository = make_repository();
  const TemporaryDirectory directory;
  const std::string plan = directory.path() / "plan.json";
  const ServerProcess proxy("faults.py", {"--upstream", http_server().fact("url"), "--plan", plan});
  // libcurl repeats a request on a kept connection once by itself.
  write_file(plan, R"([{"fault": "cut-after", "method": "POST", "path": "receive-pack"}])");
  const auto store = open_command_store(proxy.fact("url") + "/" + name_of(repository));
  const Version made = must_swap(*store, create(claim, "one"));
  CHECK(read(*open_path_store(repository), {claim}).at(claim).version == made);
}

TEST_CASE("nothing of a call stays behind in the temporary directory", "[command]") {
  const TemporaryDirectory directory;
  const std::string runner_temp = directory.path();
  const Place command = backend("git command over file://").make();
  const Place http = backend("http").make();
  const Environment environment({{"RUNNER_TEMP", runner_temp}});
  for (const Place* place : {&command, &http}) {
    const auto store = place->open();
    must_swap(*store, create(claim, "one"));
    CHECK(read(*place->open(), {claim}).size() == 1);
    swap(*store, {create(claim, "late")});
    CHECK(std::filesystem::is_empty(runner_temp));
  }
}

TEST_CASE("a child's output is bounded and its input is whole", "[command]") {
  ChildCommand endless;
  endless.arguments = {"yes", "0123456789"};
  const auto result = run_child(endless, Clock::now() + 1min);
  CHECK(result.cut);
  CHECK(result.output.size() < 80'000'000);

  ChildCommand echo;
  echo.arguments = {"cat"};
  echo.input = std::string(3'000'000, 'x');
  const auto echoed = run_child(echo, Clock::now() + 1min);
  CHECK(echoed.status == 0);
  CHECK(echoed.output == echo.input);

  ChildCommand background;
  background.arguments = {"sh", "-c", "sleep 1000 & echo done"};
  background.own_session = true;
  CHECK(run_child(background, Clock::now() + 1min).output == "done\n");

  ChildCommand broken_pipe;
  broken_pipe.arguments = {"sh", "-c", "trap - PIPE; kill -PIPE $$; echo survived"};
  CHECK(run_child(broken_pipe, Clock::now() + 1min).status == 128 + 13);
}

TEST_CASE("a child can read an open file, which tells how far it got, and can be told to end",
          "[command]") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int number = fileno(file);
  REQUIRE(write(number, "0123456789", 10) == 10);
  for (const auto& [script, read] :
       {std::pair{"dd bs=1 count=4 2>/dev/null", 4}, std::pair{"cat", 10}, std::pair{"true", 0}}) {
    REQUIRE(lseek(number, 0, SEEK_SET) == 0);
    ChildCommand reader;
    reader.arguments = {"sh", "-c", script};
    reader.input_file = number;
    CHECK(run_child(reader, Clock::now() + 1min).output ==
          std::string("0123456789").substr(0, static_cast<std::size_t>(read)));
    CHECK(lseek(number, 0, SEEK_CUR) == read);
  }
  std::fclose(file);

  for (const char* script : {"echo started; exec sleep 1000", "exec >&- 2>&-; sleep 1000"}) {
    ChildCommand endless;
    endless.arguments = {"sh", "-c", script};
    endless.own_session = true;
    endless.halt = [] { return true; };
    CHECK(run_child(endless, Clock::now() + 10min).timed_out);
  }
}
