#pragma once
// A received pack, kept in a temporary directory for as long as it is read.

#include <git2.h>

#include <cstdint>
#include <string_view>

#include "store/git/git_handle.h"
#include "store/git/temporary_directory.h"
#include "store/store.h"

namespace refgate {

class FetchedPack {
 public:
  FetchedPack();

  /// Throws StoreError (unreadable) when the bytes are no pack, or more than this tool is willing
  /// to read.
  void append(std::string_view bytes);
  void finish();
  Files files_of(const git_oid& commit);

 private:
  TemporaryDirectory directory_;
  IndexerHandle indexer_;
  git_indexer_progress progress_{};
  std::uint64_t received_ = 0;
  OdbHandle odb_;
  RepositoryHandle repository_;
};

}  // namespace refgate
