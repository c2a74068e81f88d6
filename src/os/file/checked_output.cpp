#include "os/file/checked_output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

namespace refgate {

OutputError::OutputError(const std::string& what, int error, const std::string& consequence)
    : std::runtime_error(what + " could not be written: " + std::strerror(error) +
                         (consequence.empty() ? "" : "; " + consequence)),
      error_(error) {}

CheckedOutput::CheckedOutput(int file) : file_(file) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

CheckedOutput::int_type CheckedOutput::overflow(int_type character) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(character, traits_type::eof()))
    sputc(traits_type::to_char_type(character));
  return traits_type::not_eof(character);
}

int CheckedOutput::sync() {
  const char* at = pbase();
  while (at != pptr() && error_ == 0) {
    const ssize_t written = ::write(file_, at, static_cast<std::size_t>(pptr() - at));
    if (written >= 0) {
      at += written;
    } else if (errno == EAGAIN) {
      // Whoever shares the descriptor has made it non-blocking.
      pollfd ready{file_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return error_ == 0 ? 0 : -1;
}

void flush_or_throw(std::ostream& out) {
  out.flush();
  if (out.good()) return;
  const auto* checked = dynamic_cast<const CheckedOutput*>(out.rdbuf());
  throw OutputError("standard output",
                    checked != nullptr && checked->error() != 0 ? checked->error() : EIO);
}

void write_output_file(const std::string& name, const std::string& path, const std::string& text) {
  // A hostile checkout may have a link of that name; those of the system lead to streams.
  const int no_link = path.starts_with("/dev/") || path.starts_with("/proc/") ? 0 : O_NOFOLLOW;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | no_link, 0666);
  if (file < 0 && errno == ELOOP && no_link != 0)
    throw OutputError(name, errno, "it is a link, and what it leads to was left as it was");
  if (file < 0) throw OutputError(name, errno);
  CheckedOutput buffer(file);
  buffer.sputn(text.data(), static_cast<std::streamsize>(text.size()));
  buffer.pubsync();
  int failed = buffer.error();
  if (::close(file) != 0 && failed == 0) failed = errno;
  if (failed != 0) throw OutputError(name, failed);
}

void reserve_standard_files() {
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(file, F_GETFD) != -1 || errno != EBADF) continue;
    const int opened = ::open("/dev/null", file == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened < 0 || opened == file) continue;
    ::dup2(opened, file);
    ::close(opened);
  }
}

}  // namespace refgate
