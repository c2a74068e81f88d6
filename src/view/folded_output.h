#pragma once
// What commands tell people, on a terminal that is narrower than they write.

#include <ostream>
#include <streambuf>
#include <string>

namespace refgate {

/// Breaks each line that is wider than `width` columns at blanks; the rest of it stands two columns
/// further in than the line began. A line is handed on when it is whole.
class FoldedOutput : public std::streambuf {
 public:
  FoldedOutput(std::ostream& to, std::size_t width) : to_(to), width_(width) {}
  ~FoldedOutput() override { tell_line(""); }
  FoldedOutput(const FoldedOutput&) = delete;
  FoldedOutput& operator=(const FoldedOutput&) = delete;

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  void tell_line(const char* end);

  std::ostream& to_;
  std::size_t width_;
  std::string line_;
};

}  // namespace refgate
