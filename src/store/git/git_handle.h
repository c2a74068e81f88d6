#pragma once
// Owners for libgit2's objects, so that an early return or an exception frees them.

#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/refdb_backend.h>

#include <memory>

namespace refgate {

template <auto Free>
struct GitFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using RepositoryHandle = std::unique_ptr<git_repository, GitFree<git_repository_free>>;
using OdbHandle = std::unique_ptr<git_odb, GitFree<git_odb_free>>;
using ConfigHandle = std::unique_ptr<git_config, GitFree<git_config_free>>;
using RefdbHandle = std::unique_ptr<git_refdb, GitFree<git_refdb_free>>;
using RemoteHandle = std::unique_ptr<git_remote, GitFree<git_remote_free>>;
using ReferenceHandle = std::unique_ptr<git_reference, GitFree<git_reference_free>>;
using IteratorHandle =
    std::unique_ptr<git_reference_iterator, GitFree<git_reference_iterator_free>>;
using ObjectHandle = std::unique_ptr<git_object, GitFree<git_object_free>>;
using CommitHandle = std::unique_ptr<git_commit, GitFree<git_commit_free>>;
using TreeHandle = std::unique_ptr<git_tree, GitFree<git_tree_free>>;
using BlobHandle = std::unique_ptr<git_blob, GitFree<git_blob_free>>;
using IndexerHandle = std::unique_ptr<git_indexer, GitFree<git_indexer_free>>;

/// Receives what a libgit2 function puts into its first argument: `call(out(handle), …)`. The
/// handle has it at the end of the full expression, so not yet behind an `||` of the same one.
template <class Handle>
class HandleOut {
 public:
  explicit HandleOut(Handle& handle) : handle_(handle) {}
  HandleOut(const HandleOut&) = delete;
  HandleOut& operator=(const HandleOut&) = delete;
  ~HandleOut() { handle_.reset(raw_); }
  operator typename Handle::pointer *() { return &raw_; }

 private:
  Handle& handle_;
  typename Handle::pointer raw_ = nullptr;
};

template <class Handle>
HandleOut<Handle> out(Handle& handle) {
  return HandleOut<Handle>(handle);
}

}  // namespace refgate
