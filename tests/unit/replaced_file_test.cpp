#include "os/file/replaced_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "catch.h"

namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "replaced-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("a replaced file has the new text and is its owner's") {
  const Folder folder;
  REQUIRE(refgate::replace_file(folder / "note", "one"));
  REQUIRE(refgate::replace_file(folder / "note", "two"));
  CHECK(text_of(folder / "note") == "two");
  CHECK((fs::status(folder / "note").permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(folder.entries() == 1);
}

TEST_CASE("a replaced file keeps its permissions where that is wanted") {
  const Folder folder;
  write(folder / "workflow", "one");
  REQUIRE(::chmod((folder / "workflow").c_str(), 0754) == 0);
  REQUIRE(refgate::replace_file(folder / "workflow", "two", true));
  CHECK(static_cast<unsigned>(fs::status(folder / "workflow").permissions()) == 0754u);
}

TEST_CASE("nothing that lies beside a file is written through or waited for") {
  const Folder folder;
  write(folder / "victim", "untouched");
  const std::string guess = folder / ("note." + std::to_string(::getpid()));
  SECTION("a link") { fs::create_symlink(folder / "victim", guess); }
  SECTION("a second name") { fs::create_hard_link(folder / "victim", guess); }
  SECTION("a pipe") { REQUIRE(::mkfifo(guess.c_str(), 0600) == 0); }
  SECTION("a link in the file's own place") {
    fs::create_symlink(folder / "victim", folder / "note");
  }
  CHECK(refgate::replace_file(folder / "note", "new"));
  CHECK(text_of(folder / "note") == "new");
  CHECK(fs::symlink_status(folder / "note").type() == fs::file_type::regular);
  CHECK(text_of(folder / "victim") == "untouched");
}

TEST_CASE("what cannot be replaced is left as it was, and nothing is left beside it") {
  const Folder folder;
  fs::create_directory(folder / "note");
  CHECK_FALSE(refgate::replace_file(folder / "note", "new"));
  CHECK(folder.entries() == 1);
  CHECK_FALSE(refgate::replace_file(folder / "missing/note", "new"));
}
