#pragma once
// What it means that the git command failed.

#include <string>

#include "os/process/child_process.h"
#include "store/store.h"

namespace refgate {

struct CommandFailed {
  StoreFailure failure = StoreFailure::unreachable;
  std::string text;
  std::string hint;
};

/// git has one exit status for everything, so the kind of a failure is read from its words, which
/// LC_ALL=C keeps stable. Only its kind: what has become of a ref is never read from words.
CommandFailed judge_failure(const ChildResult& result);

}  // namespace refgate
