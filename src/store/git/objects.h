#pragma once
// Snapshots as git objects, and back.
//
// The bytes are made here and not by libgit2's builders, because every store must give the same
// snapshot the same id, also the one in memory that has no object database.

#include <git2.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace refgate {

struct EncodedObject {
  git_oid id;
  git_object_t type;
  std::string bytes;
};

/// The commit of a snapshot with everything it needs; the objects come before those that name them.
struct EncodedSnapshot {
  git_oid commit;
  std::vector<EncodedObject> objects;
};

/// Throws std::invalid_argument for a path that git would not take or that is deeper than one
/// slash, and for a NUL in the message.
EncodedSnapshot encode_snapshot(const Snapshot& snapshot);

/// Throws StoreError (read_only) when the objects cannot be written.
void write_objects(git_odb* odb, const EncodedSnapshot& snapshot);

/// The files of a commit; empty for an object that is no commit and for a tree of another shape
/// (deeper, links, submodules). Throws StoreError (unreadable) when an object is missing or broken.
Files decode_commit(git_repository* repository, const git_oid& commit);

std::string hex_of(const git_oid& id);

/// nullopt for anything but 40 hexadecimal digits.
std::optional<git_oid> parse_oid(std::string_view hex);

}  // namespace refgate
