#pragma once
// This program started once more, to outlive the folder that it was started from.

#include <spawn.h>

#include <string>
#include <vector>

namespace refgate {

/// A copy of this program, which leaves the disk with this object, while what was started of it
/// goes on.
class LastingProgram {
 public:
  /// `copy`: where to put it; none for an empty one.
  explicit LastingProgram(std::string copy);
  LastingProgram(const LastingProgram&) = delete;
  LastingProgram& operator=(const LastingProgram&) = delete;
  ~LastingProgram();

  /// As posix_spawn. Where no copy could be made, or none may be run there (noexec), it is the
  /// program itself.
  int spawn(pid_t& child, const posix_spawn_file_actions_t& files,
            const posix_spawnattr_t& attributes, std::vector<std::string>& arguments,
            std::vector<std::string>& variables) const;

 private:
  std::string copy_;
  bool whole_ = false;
};

}  // namespace refgate
