#pragma once
// Files that somebody named, read without ever waiting and never without a bound: a pipe, a folder
// or a device in a file's place is told, and not read.

#include <cstddef>
#include <string>
#include <variant>

namespace refgate {

enum class Links { followed, refused };

/// Which part of a file that is longer than is read.
enum class FilePart { start, end };

struct FileText {
  std::string bytes;
  bool cut = false;  ///< there is more than was read
};

struct Unread {
  std::string why;  ///< for people: "it is a folder", "No such file or directory"
};

/// An open descriptor, which the caller closes.
std::variant<int, Unread> open_regular_file(const std::string& path, Links links = Links::followed);

/// Up to `most` bytes of a regular file.
std::variant<FileText, Unread> read_regular_file(const std::string& path, std::size_t most,
                                                 Links links = Links::followed,
                                                 FilePart part = FilePart::start);

}  // namespace refgate
