#include "store/git/objects.h"

#include <algorithm>
#include <array>

#include "store/git/git_handle.h"
#include "store/git/git_runtime.h"

namespace refgate {
namespace {

struct TreeEntry {
  std::string name;
  bool directory;
  git_oid id;
};

// Refused by `git fsck`, and therefore by servers that check what they receive.
bool is_bad_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string_view::npos)
    return true;
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower == ".git";
}

EncodedObject make_object(git_object_t type, std::string bytes) {
  EncodedObject object{{}, type, std::move(bytes)};
  if (git_odb_hash(&object.id, object.bytes.data(), object.bytes.size(), type) < 0)
    throw std::runtime_error("hashing failed: " + last_git_error());
  return object;
}

git_oid add(EncodedSnapshot& to, git_object_t type, std::string bytes) {
  to.objects.push_back(make_object(type, std::move(bytes)));
  return to.objects.back().id;
}

git_oid add_tree(EncodedSnapshot& to, std::vector<TreeEntry> entries) {
  // git sorts a directory as if its name ended in a slash.
  const auto key = [](const TreeEntry& entry) {
    return entry.directory ? entry.name + "/" : entry.name;
  };
  std::ranges::sort(entries, {}, key);
  std::string bytes;
  for (const auto& entry : entries) {
    bytes += entry.directory ? "40000 " : "100644 ";
    bytes += entry.name;
    bytes += '\0';
    bytes.append(reinterpret_cast<const char*>(entry.id.id), GIT_OID_RAWSZ);
  }
  return add(to, GIT_OBJECT_TREE, std::move(bytes));
}

[[noreturn]] void broken(const git_oid& id) {
  throw StoreError(StoreFailure::unreadable, "the object " + hex_of(id) +
                                                 " is missing or broken: " + last_git_error() +
                                                 "; nothing was changed");
}

/// False when the tree has another shape than ours.
bool read_tree(git_repository* repository, const git_oid& id, const std::string& prefix,
               Files& files) {
  TreeHandle tree;
  if (git_tree_lookup(out(tree), repository, &id) < 0) broken(id);
  const std::size_t count = git_tree_entrycount(tree.get());
  for (std::size_t i = 0; i < count; ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    const git_oid& child = *git_tree_entry_id(entry);
    const std::string path = prefix + git_tree_entry_name(entry);
    switch (git_tree_entry_filemode(entry)) {
      case GIT_FILEMODE_TREE:
        if (!prefix.empty() || !read_tree(repository, child, path + "/", files)) return false;
        break;
      case GIT_FILEMODE_BLOB:
      case GIT_FILEMODE_BLOB_EXECUTABLE: {
        BlobHandle blob;
        if (git_blob_lookup(out(blob), repository, &child) < 0) broken(child);
        files[path].assign(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                           static_cast<std::size_t>(git_blob_rawsize(blob.get())));
        break;
      }
      default:
        return false;
    }
  }
  return true;
}

}  // namespace

EncodedSnapshot encode_snapshot(const Snapshot& snapshot) {
  if (snapshot.message.find('\0') != std::string::npos)
    throw std::invalid_argument("a commit message holds a NUL");
  EncodedSnapshot encoded{};
  std::map<std::string, std::vector<TreeEntry>> directories;
  std::vector<TreeEntry> root;
  for (const auto& [path, content] : snapshot.files) {
    const auto slash = path.find('/');
    const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (is_bad_name(name) || name.find('/') != std::string::npos ||
        (slash != std::string::npos && is_bad_name(directory))) {
      throw std::invalid_argument("a path that a snapshot cannot hold: " + clean_text(path));
    }
    if (slash != std::string::npos && snapshot.files.contains(directory)) {
      throw std::invalid_argument("a path that is both a file and a directory: " +
                                  clean_text(directory));
    }
    auto& entries = slash == std::string::npos ? root : directories[directory];
    entries.push_back({name, false, add(encoded, GIT_OBJECT_BLOB, content)});
  }
  for (auto& [name, entries] : directories)
    root.push_back({name, true, add_tree(encoded, std::move(entries))});
  const git_oid tree = add_tree(encoded, std::move(root));

  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(snapshot.time).time_since_epoch().count();
  const std::string who =
      "refgate <refgate@localhost> " + std::to_string(std::max<long long>(seconds, 0)) + " +0000";
  encoded.commit = add(encoded, GIT_OBJECT_COMMIT,
                       "tree " + hex_of(tree) + "\nauthor " + who + "\ncommitter " + who + "\n\n" +
                           snapshot.message);
  return encoded;
}

void write_objects(git_odb* odb, const EncodedSnapshot& snapshot) {
  for (const auto& object : snapshot.objects) {
    git_oid written;
    if (git_odb_write(&written, odb, object.bytes.data(), object.bytes.size(), object.type) < 0) {
      throw StoreError(StoreFailure::read_only, "an object could not be written: " +
                                                    last_git_error() + "; no ref was changed");
    }
  }
}

Files decode_commit(git_repository* repository, const git_oid& commit_id) {
  ObjectHandle object;
  if (git_object_lookup(out(object), repository, &commit_id, GIT_OBJECT_ANY) < 0) broken(commit_id);
  if (git_object_type(object.get()) != GIT_OBJECT_COMMIT) return {};
  Files files;
  const git_oid& tree = *git_commit_tree_id(reinterpret_cast<git_commit*>(object.get()));
  if (!read_tree(repository, tree, "", files)) return {};
  return files;
}

std::string hex_of(const git_oid& id) {
  std::array<char, GIT_OID_HEXSZ> hex{};
  git_oid_fmt(hex.data(), &id);
  return {hex.data(), hex.size()};
}

std::optional<git_oid> parse_oid(std::string_view hex) {
  git_oid id;
  if (hex.size() != GIT_OID_HEXSZ || git_oid_fromstrn(&id, hex.data(), hex.size()) < 0)
    return std::nullopt;
  return id;
}

Version version_of(const Snapshot& snapshot) {
  return Version{hex_of(encode_snapshot(snapshot).commit)};
}

}  // namespace refgate
