#pragma once

#include <string>

namespace refgate {

/// Held while a file of the job's own is read, changed and written. Who holds it for over a second
/// is stopped or stuck, and must keep nobody from halting or ending a session: then it goes
/// without. The file is made, and stays.
class FileLock {
 public:
  explicit FileLock(const std::string& path);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int file_;
};

}  // namespace refgate
