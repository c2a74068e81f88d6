#include "os/file/replaced_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace refgate {
namespace {

bool write_whole(int file, const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t written = ::write(file, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

bool replace_file(const std::string& path, const std::string& text, bool keep_mode) {
  // Its name cannot be guessed, and it is made or nothing is: a link, a pipe or a second name of
  // another file in its place would be written through.
  std::string fresh = path + ".XXXXXX";
  const int file = ::mkostemp(fresh.data(), O_CLOEXEC);
  if (file < 0) return false;
  bool written = write_whole(file, text);
  struct stat about {};
  if (written && keep_mode && ::stat(path.c_str(), &about) == 0)
    written = ::fchmod(file, about.st_mode & 07777) == 0;
  int error = written ? 0 : errno;
  if (::close(file) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return true;
  ::unlink(fresh.c_str());
  errno = error;
  return false;
}

}  // namespace refgate
