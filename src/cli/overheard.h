#pragma once
// What a command says on a stream, kept for the annotation of a call that failed.

#include <cstddef>
#include <ostream>
#include <streambuf>
#include <string>

namespace refgate {

/// Hands everything on at once, and keeps the beginning of it.
class Overheard : public std::streambuf {
 public:
  explicit Overheard(std::ostream& to) : to_(to) {}

  /// Whether an error of our own was among it: then the failure is told.
  bool told_error() const { return told_error_; }
  /// The lines that were for people, as one; empty when there were none.
  std::string said() const { return said_; }

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  void hear(char character);
  void take_line();

  std::ostream& to_;
  std::string line_;
  std::string said_;
  bool told_error_ = false;
};

}  // namespace refgate
