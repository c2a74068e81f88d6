#pragma once
// Bytes that a command is given: a file's, or what comes by standard input.

#include <chrono>
#include <functional>
#include <string>

namespace refgate {

enum class ContentEnd {
  complete,   ///< all of it
  too_long,   ///< there is more than was allowed
  timed_out,  ///< standard input was still open at the end of the time; what had come by then is
              ///< there, all of it
  halted,     ///< likewise, when `halt` said so
};

struct Content {
  std::string bytes;
  ContentEnd end = ContentEnd::complete;
};

/// Reads the file, or for "-" standard input, up to `most` bytes. Throws UsageError when the file
/// cannot be read, or standard input is a terminal.
Content read_content(
    const std::string& path, std::size_t most,
    std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max(),
    const std::function<bool()>& halt = {});

}  // namespace refgate
