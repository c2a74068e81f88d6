#pragma once
// The piece of work that one decision is about, and the names under which its state is stored.

#include <map>
#include <string>
#include <string_view>

#include "core/event/event.h"

namespace refgate {

/// identity + share + dimensions + trust. Two events with equal scopes are rivals; everything else
/// runs side by side.
struct Scope {
  Identity identity;
  std::string share;  ///< which workflows do the same work: a workflow file, or a name that several
                      ///< workflows use
  bool share_is_name = false;  ///< true when the share was named (`--share`), so that it cannot
                               ///< meet a workflow file of that name
  std::map<std::string, std::string>
      dimensions;  ///< what tells matrix legs apart: model=opus, region=eu
  Trust trust = Trust::repository;

  bool operator==(const Scope&) const = default;
};

/// One path component of a ref: letters, digits, '-', '_' and inner dots stand for themselves,
/// every other byte is %XX. The result is never empty, never starts with a dot, has no "..", does
/// not end in ".lock" and never holds '=', ',' or '@', which the names below put between parts.
/// Rules: git-check-ref-format(1). Different texts give different components; those over 120 bytes
/// end in a digest of the whole.
std::string encode_ref_component(std::string_view text);

/// "refs/<name_space>/claims/<identity>/<share and dimensions>"
std::string claim_ref(const Scope& scope, std::string_view name_space);

/// "refs/<name_space>/claims/"
std::string claims_prefix(std::string_view name_space);

/// "refs/<name_space>/queues/"
std::string queues_prefix(std::string_view name_space);

/// "refs/<name_space>/queues/<group>", for the key of any strategy.
std::string queue_ref(std::string_view group, std::string_view name_space);

/// "refs/notes/<name_space>/"
std::string notes_prefix(std::string_view name_space);

/// True for one or more components of lower-case letters, digits and '-', separated by '/', at most
/// 60 bytes, so that every ref below it is legal.
bool is_namespace(std::string_view text);

/// "{workflow}-{event}-{first 8 of the commit}", the workflow in lower case with blanks and slashes
/// as '-'; "unknown" for an empty commit. A label for people: it is not unique and names no ref.
std::string session_key(std::string_view workflow, std::string_view event, std::string_view commit);

}  // namespace refgate
