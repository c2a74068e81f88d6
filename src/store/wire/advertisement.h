#pragma once
// The refs that a remote has shown, compactly: there may be 100,000 of them.

#include <git2.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace refgate {

class Advertisement {
 public:
  /// Adds the refs that an answer to "info/refs" of smart HTTP (protocol version 0) shows, and
  /// sorts. Throws WireError when it is not one, and for a repository whose object names are not
  /// SHA-1.
  void parse(std::string_view answer);

  /// Adds the refs that an answer to the command ls-refs (protocol version 2) shows, and sorts.
  /// Throws WireError when it is not one.
  void parse_ls_refs(std::string_view answer);

  /// What the server can, as `parse` found it; empty when that was never said.
  const std::string& capabilities() const { return capabilities_; }
  bool can(std::string_view capability) const;
  /// The same, without any refs.
  Advertisement capabilities_only() const {
    Advertisement made;
    made.capabilities_ = capabilities_;
    return made;
  }

  void add(std::string_view name, const git_oid& id);
  void sort();  ///< to be called once after the last add

  bool empty() const { return entries_.empty(); }

  /// Zero when there is no such ref.
  git_oid value(std::string_view name) const;
  /// A zero id removes the ref.
  void set(std::string_view name, const git_oid& id);

  std::map<std::string, Version> under(std::string_view prefix) const;

 private:
  struct Entry {
    std::uint32_t start;
    std::uint32_t size;
    git_oid id;
  };

  std::string_view name(const Entry& entry) const {
    return std::string_view(names_).substr(entry.start, entry.size);
  }
  std::vector<Entry>::const_iterator find_from(std::string_view wanted) const;

  std::string capabilities_;
  std::string names_;
  std::vector<Entry> entries_;
};

/// What to send to git-upload-pack for the refs whose names begin with one of these (protocol
/// version 2, gitprotocol-v2, "ls-refs"). The server may show more.
std::string ls_refs_request(std::span<const std::string> prefixes);

}  // namespace refgate
