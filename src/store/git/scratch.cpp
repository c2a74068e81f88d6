#include "store/git/scratch.h"

#include <git2/sys/config.h>
#include <git2/sys/refs.h>
#include <git2/sys/repository.h>

#include <stdexcept>
#include <string_view>

#include "store/git/git_runtime.h"

namespace refgate {
namespace {

constexpr std::string_view object_refs = "refs/objects/";

int not_here() {
  git_error_set_str(GIT_ERROR_REFERENCE, "the scratch repository keeps no refs");
  return GIT_ENOTFOUND;
}

std::optional<git_oid> id_in(std::string_view ref) {
  if (!ref.starts_with(object_refs)) return std::nullopt;
  return parse_oid(ref.substr(object_refs.size()));
}

int exists(int* found, git_refdb_backend*, const char* name) {
  *found = id_in(name).has_value() ? 1 : 0;
  return 0;
}

int lookup(git_reference** result, git_refdb_backend*, const char* name) {
  const auto id = id_in(name);
  if (!id) return not_here();
  *result = git_reference__alloc(name, &*id, nullptr);
  return *result == nullptr ? -1 : 0;
}

struct EmptyIterator {
  git_reference_iterator base{};
};

int no_next(git_reference**, git_reference_iterator*) { return GIT_ITEROVER; }
int no_next_name(const char**, git_reference_iterator*) { return GIT_ITEROVER; }
void free_iterator(git_reference_iterator* iterator) {
  delete reinterpret_cast<EmptyIterator*>(iterator);
}

int iterate(git_reference_iterator** result, git_refdb_backend*, const char*) {
  auto* iterator = new EmptyIterator;
  iterator->base.next = no_next;
  iterator->base.next_name = no_next_name;
  iterator->base.free = free_iterator;
  *result = &iterator->base;
  return 0;
}

int write(git_refdb_backend*, const git_reference*, int, const git_signature*, const char*,
          const git_oid*, const char*) {
  return not_here();
}
int rename(git_reference**, git_refdb_backend*, const char*, const char*, int, const git_signature*,
           const char*) {
  return not_here();
}
int remove(git_refdb_backend*, const char*, const git_oid*, const char*) { return not_here(); }
int has_log(git_refdb_backend*, const char*) { return 0; }
int ensure_log(git_refdb_backend*, const char*) { return not_here(); }
int read_log(git_reflog**, git_refdb_backend*, const char*) { return not_here(); }
int write_log(git_refdb_backend*, git_reflog*) { return not_here(); }
int rename_log(git_refdb_backend*, const char*, const char*) { return not_here(); }
int delete_log(git_refdb_backend*, const char*) { return 0; }
void free_backend(git_refdb_backend* backend) { delete backend; }

git_refdb_backend* make_backend() {
  auto* backend = new git_refdb_backend{};
  backend->version = GIT_REFDB_BACKEND_VERSION;
  backend->exists = exists;
  backend->lookup = lookup;
  backend->iterator = iterate;
  backend->write = write;
  backend->rename = rename;
  backend->del = remove;
  backend->has_log = has_log;
  backend->ensure_log = ensure_log;
  backend->reflog_read = read_log;
  backend->reflog_write = write_log;
  backend->reflog_rename = rename_log;
  backend->reflog_delete = delete_log;
  backend->free = free_backend;
  return backend;
}

void check(int error) {
  if (error < 0)
    throw std::runtime_error("a scratch repository could not be made: " + last_git_error());
}

}  // namespace

Scratch::Scratch() {
  check(git_odb_new(out(odb_)));
  git_odb_backend* memory = nullptr;
  check(git_mempack_new(&memory));
  check(git_odb_add_backend(odb_.get(), memory, 1));
  check(git_repository_wrap_odb(out(repository_), odb_.get()));
  ConfigHandle config;
  check(git_config_new(out(config)));
  check(git_repository_set_config(repository_.get(), config.get()));
  RefdbHandle refs;
  check(git_refdb_new(out(refs), repository_.get()));
  check(git_refdb_set_backend(refs.get(), make_backend()));
  check(git_repository_set_refdb(repository_.get(), refs.get()));
}

void Scratch::add(const EncodedSnapshot& snapshot) { write_objects(odb_.get(), snapshot); }

std::string Scratch::ref_for(const git_oid& id) { return std::string(object_refs) + hex_of(id); }

}  // namespace refgate
