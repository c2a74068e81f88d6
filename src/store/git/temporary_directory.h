#pragma once
// A directory of this process's own, readable by nobody else, removed with its content at the end
// of its scope.

#include <filesystem>

namespace refgate {

class TemporaryDirectory {
 public:
  /// In RUNNER_TEMP, else TMPDIR, else /tmp. Throws StoreError (unreachable) when none of them can
  /// hold one.
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace refgate
