#include "store/wire/fetched_pack.h"

#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include <string>

#include "store/git/git_runtime.h"
#include "store/git/objects.h"

namespace refgate {
namespace {

constexpr std::uint64_t most_bytes = 256ULL << 20U;

[[noreturn]] void unusable(const std::string& why) {
  throw StoreError(StoreFailure::unreadable, "a pack that the remote sent could not be used: " +
                                                 why + "; nothing was changed");
}

}  // namespace

FetchedPack::FetchedPack() {
  git_indexer_options options = GIT_INDEXER_OPTIONS_INIT;
  if (git_indexer_new(out(indexer_), directory_.path().c_str(), 0600, nullptr, &options) < 0)
    unusable(last_git_error());
}

void FetchedPack::append(std::string_view bytes) {
  received_ += bytes.size();
  if (received_ > most_bytes) unusable("it is larger than 256 MiB");
  if (git_indexer_append(indexer_.get(), bytes.data(), bytes.size(), &progress_) < 0)
    unusable(last_git_error());
}

void FetchedPack::finish() {
  if (git_indexer_commit(indexer_.get(), &progress_) < 0) unusable(last_git_error());
  indexer_.reset();
  if (git_odb_new(out(odb_)) < 0) unusable(last_git_error());
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    if (entry.path().extension() != ".idx") continue;
    git_odb_backend* backend = nullptr;
    if (git_odb_backend_one_pack(&backend, entry.path().c_str()) < 0 ||
        git_odb_add_backend(odb_.get(), backend, 1) < 0)
      unusable(last_git_error());
  }
  if (git_repository_wrap_odb(out(repository_), odb_.get()) < 0) unusable(last_git_error());
}

Files FetchedPack::files_of(const git_oid& commit) {
  return decode_commit(repository_.get(), commit);
}

}  // namespace refgate
