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

/// Held by one process for as long as it lives, whatever ends it. What cannot be opened as a file
/// keeps nobody away, and neither does a file that somebody left: only a process that lives does.
class LifeLock {
 public:
  explicit LifeLock(const std::string& path);
  LifeLock(const LifeLock&) = delete;
  LifeLock& operator=(const LifeLock&) = delete;
  ~LifeLock();

  bool is_held_elsewhere() const { return held_elsewhere_; }

 private:
  int file_;
  bool held_elsewhere_ = false;
};

}  // namespace refgate
