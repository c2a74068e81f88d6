#pragma once
// Output that could not be written is no success: streams that remember why.

#include <array>
#include <stdexcept>
#include <streambuf>
#include <string>

namespace refgate {

/// Output that could not be written: "standard output could not be written: No space left on
/// device". `error` is errno's value; EPIPE when the reader has gone, which is said to nobody.
class OutputError : public std::runtime_error {
 public:
  OutputError(const std::string& what, int error, const std::string& consequence = {});
  int error() const { return error_; }

 private:
  int error_;
};

/// A buffer over a file descriptor.
class CheckedOutput : public std::streambuf {
 public:
  explicit CheckedOutput(int file);

  /// errno's value after the first write that failed; 0: none has.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type character) override;
  int sync() override;

 private:
  int file_;
  int error_ = 0;
  std::array<char, 1U << 15> buffer_{};
};

/// Flushes `out`, and throws OutputError when not all of it could be written.
void flush_or_throw(std::ostream& out);

/// Makes or replaces a file that the user named. Throws OutputError with `name` when it could not
/// be written.
void write_output_file(const std::string& name, const std::string& path, const std::string& text);

/// A closed descriptor 0, 1 or 2 would be given to the first file or socket that is opened, and
/// what is meant for people would go there: they are taken by something that cannot be written.
void reserve_standard_files();

}  // namespace refgate
