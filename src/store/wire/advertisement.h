#pragma once
// The refs that a remote has shown, compactly: there may be 100,000 of them.

#include <git2.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace refgate {

class Advertisement {
 public:
  /// Adds the refs that an answer to "info/refs" of smart HTTP (protocol version 0) shows, and
  /// sorts. False when it is not one.
  bool parse(std::string_view answer);

  void add(std::string_view name, const git_oid& id);
  void sort();  ///< to be called once after the last add

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

  std::string names_;
  std::vector<Entry> entries_;
};

}  // namespace refgate
