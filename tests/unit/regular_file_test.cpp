#include "os/file/regular_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "catch.h"

using namespace refgate;

namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("refgate-regular-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return path / name;
  }
};

std::string why(const std::variant<FileText, Unread>& read) {
  const auto* unread = std::get_if<Unread>(&read);
  return unread == nullptr ? "" : unread->why;
}

}  // namespace

TEST_CASE("a regular file is read up to a bound, from either end") {
  const Folder folder;
  const std::string path = folder.file("digits", "0123456789");
  struct Row {
    std::size_t most;
    FilePart part;
    std::string bytes;
    bool cut;
  };
  for (const Row& row :
       {Row{4, FilePart::start, "0123", true}, Row{4, FilePart::end, "6789", true},
        Row{10, FilePart::start, "0123456789", false}, Row{10, FilePart::end, "0123456789", false},
        Row{9, FilePart::start, "012345678", true}, Row{99, FilePart::end, "0123456789", false},
        Row{0, FilePart::start, "", true}}) {
    CAPTURE(row.most, row.bytes);
    const auto read = read_regular_file(path, row.most, Links::followed, row.part);
    REQUIRE(std::holds_alternative<FileText>(read));
    CHECK(std::get<FileText>(read).bytes == row.bytes);
    CHECK(std::get<FileText>(read).cut == row.cut);
  }
}

TEST_CASE("a file that says no size is read all the same") {
  const auto read = read_regular_file("/proc/self/status", 1 << 20);
  REQUIRE(std::holds_alternative<FileText>(read));
  CHECK_FALSE(std::get<FileText>(read).bytes.empty());
}

TEST_CASE("what is no regular file is told, and not waited for") {
  const Folder folder;
  const std::string pipe = folder.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(why(read_regular_file(pipe, 9)) == "it is a pipe");
  CHECK(why(read_regular_file(folder.path, 9)) == "it is a folder");
  CHECK(why(read_regular_file("/dev/zero", 9)) == "it is no regular file");
  CHECK(why(read_regular_file(folder.path / "none", 9)) == "No such file or directory");
  const std::string target = folder.file("target", "x");
  fs::create_symlink(target, folder.path / "link");
  CHECK(why(read_regular_file(folder.path / "link", 9)).empty());
  CHECK(why(read_regular_file(folder.path / "link", 9, Links::refused)) ==
        "it is a link, which is not followed");
}
