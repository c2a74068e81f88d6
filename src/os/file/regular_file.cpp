#include "os/file/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace refgate {
namespace {

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "it is a folder";
  if (S_ISFIFO(mode)) return "it is a pipe";
  return "it is no regular file";
}

}  // namespace

std::variant<int, Unread> open_regular_file(const std::string& path, Links links) {
  // O_NONBLOCK: the open of a pipe would wait for a writer for ever.
  const int no_link = links == Links::refused ? O_NOFOLLOW : 0;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | no_link);
  if (file < 0)
    return Unread{no_link != 0 && errno == ELOOP ? "it is a link, which is not followed"
                                                 : std::strerror(errno)};
  struct stat about {};
  std::string why;
  if (::fstat(file, &about) != 0)
    why = std::strerror(errno);
  else if (!S_ISREG(about.st_mode))
    why = kind_of(about.st_mode);
  if (why.empty()) return file;
  ::close(file);
  return Unread{why};
}

std::variant<FileText, Unread> read_regular_file(const std::string& path, std::size_t most,
                                                 Links links, FilePart part) {
  const auto opened = open_regular_file(path, links);
  if (const auto* unread = std::get_if<Unread>(&opened)) return *unread;
  const int file = std::get<int>(opened);
  struct stat about {};
  ::fstat(file, &about);
  const auto size = static_cast<std::size_t>(std::max<off_t>(about.st_size, 0));
  FileText text;
  off_t at = static_cast<off_t>(part == FilePart::end && size > most ? size - most : 0);
  text.cut = at > 0;
  // One byte more than is wanted tells whether there is more. What says no size, such as a file of
  // /proc, is read piece by piece.
  std::string bytes;
  std::size_t length = 0;
  std::string why;
  for (;;) {
    if (length == bytes.size()) {
      if (length > most) break;
      bytes.resize(std::min(most + 1, std::max({length * 2, size + 1, std::size_t{4096}})));
    }
    const ssize_t count = ::pread(file, bytes.data() + length, bytes.size() - length, at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) why = std::strerror(errno);
    if (count <= 0) break;
    length += static_cast<std::size_t>(count);
    at += count;
  }
  ::close(file);
  if (!why.empty()) return Unread{why};
  text.cut = text.cut || length > most;
  bytes.resize(std::min(length, most));
  text.bytes = std::move(bytes);
  return text;
}

}  // namespace refgate
