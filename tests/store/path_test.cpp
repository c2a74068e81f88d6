// What the path store promises besides the contract.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "catch.h"
#include "http_place.h"
#include "os/process/child_process.h"
#include "store/git/temporary_directory.h"

using namespace refgate;
using namespace std::chrono_literals;

namespace {

const std::string claim = "refs/refgate/claims/abc/one";

/// What store_racer says when another user runs it. Needs root, as containers and the bare-root
/// test have it.
std::string as_nobody(const std::string& repository) {
  const TemporaryDirectory directory;
  const std::string ready = directory.path() / "ready";
  write_file(ready, "");
  chmod(directory.path().c_str(), 0777);
  chmod(ready.c_str(), 0666);
  ChildCommand command;
  command.arguments = {"setpriv",
                       "--reuid=65534",
                       "--regid=65534",
                       "--clear-groups",
                       REFGATE_STORE_RACER,
                       ready,
                       ready,
                       claim,
                       "x",
                       "-",
                       "path",
                       repository};
  command.environment = {{"HOME", "/nonexistent"}};
  const auto result = run_child(command, std::chrono::steady_clock::now() + 1min);
  INFO(result.errors);
  REQUIRE(result.errors.empty());
  return result.output;
}

}  // namespace

TEST_CASE("a repository is found by its path, its URL and its work tree", "[path]") {
  const TemporaryDirectory directory;
  const std::string tree = directory.path() / "work tree";
  run({"git", "init", "--quiet", tree});
  const Version made = must_swap(*open_path_store(tree), create(claim, "one"));
  std::string url = "file://" + tree;
  url.replace(url.find(' '), 1, "%20");
  for (const std::string& name :
       {tree + "/.git", tree + "/", url, "file://localhost" + url.substr(7)}) {
    INFO(name);
    CHECK(read(*open_path_store(name), {claim}).at(claim).version == made);
  }
  CHECK(run({"git", "-C", tree, "rev-parse", claim}) == made.id + "\n");
}

TEST_CASE("what is no repository is not searched for elsewhere", "[path]") {
  const TemporaryDirectory directory;
  const std::string tree = directory.path() / "tree";
  run({"git", "init", "--quiet", tree});
  std::filesystem::create_directory(tree + "/below");
  for (const std::string& path :
       {directory.path().string() + "/none", directory.path().string(), tree + "/below"}) {
    INFO(path);
    const auto error = error_of([&] { open_path_store(path); });
    REQUIRE(error);
    CHECK(error->failure() == StoreFailure::denied);
    CHECK(std::string(error->what()).find("not a git repository") != std::string::npos);
  }
}

TEST_CASE("a repository of a format that is not known is left alone", "[path]") {
  const std::string format = GENERATE(as<std::string>{}, "--object-format=sha256",
                                      "an unknown extension", "a newer version");
  INFO(format);
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "r.git";
  if (format.starts_with("--")) {
    run({"git", "init", "--quiet", "--bare", format, path});
  } else {
    run({"git", "init", "--quiet", "--bare", path});
    std::ofstream config(path + "/config", std::ios::app);
    config << (format == "a newer version"
                   ? "[core]\n\trepositoryformatversion = 7\n"
                   : "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tnoSuchThing = true\n");
  }
  const auto error = error_of([&] { open_path_store(path); });
  REQUIRE(error);
  CHECK(error->failure() == StoreFailure::unreadable);
}

TEST_CASE("a repository of another user is not trusted, and one that may not be written says so",
          "[path]") {
  if (geteuid() != 0) {
    WARN("only root can run a program as another user");
    return;
  }
  const std::string repository = make_repository();
  std::filesystem::permissions(root(), std::filesystem::perms(0755));
  CHECK(as_nobody(repository).find("belongs to another user") != std::string::npos);

  run({"chown", "-R", "65534:65534", repository});
  CHECK(as_nobody(repository) == "swapped");
  const std::string closed = make_repository();
  run({"chown", "-R", "65534:65534", closed});
  run({"chmod", "-R", "a-w", closed});
  CHECK(as_nobody(closed).find("is not writable") != std::string::npos);
  CHECK(as_nobody(closed).find("no ref was changed") != std::string::npos);
}

TEST_CASE("a ref that somebody has locked is waited for, and reported when it stays locked",
          "[path]") {
  const std::string repository = make_repository();
  const auto store = open_path_store(repository);
  const Version one = must_swap(*store, create(claim, "one"));
  const std::string lock = repository + "/" + claim + ".lock";
  write_file(lock, "");
  SECTION("released in time") {
    std::thread holder([&] {
      std::this_thread::sleep_for(200ms);  // that the swap meets the lock is likely, not certain;
                                           // either way it must succeed
      std::filesystem::remove(lock);
    });
    must_swap(*store, update(claim, one, "two"));
    holder.join();
  }
  SECTION("held") {
    store->set_deadline(std::chrono::steady_clock::now() + 500ms);
    const auto outcome = swap(*store, {update(claim, one, "two")}).at(0);
    CHECK(outcome.result == SwapResult::refused);
    CHECK(outcome.message.find("lock") != std::string::npos);
    store->set_deadline(std::chrono::steady_clock::time_point::max());
    CHECK(read(*store, {claim}).at(claim).version == one);
  }
}

TEST_CASE("refs that git has packed are seen, updated and deleted", "[path]") {
  const std::string repository = make_repository();
  const auto store = open_path_store(repository);
  const Version one = must_swap(*store, create(claim, "one"));
  const Version other = must_swap(*store, create(claim + "2", "other"));
  run({"git", "-C", repository, "pack-refs", "--all"});
  CHECK(store->list("refs/refgate/").size() == 2);
  const Version two = must_swap(*store, update(claim, one, "two"));
  must_swap(*store, remove(claim + "2", other));
  run({"git", "-C", repository, "pack-refs", "--all"});
  CHECK(store->list("refs/refgate/") == std::map<std::string, Version>{{claim, two}});
  CHECK(run({"git", "-C", repository, "for-each-ref", "--format=%(refname)"}) == claim + "\n");
}
