#pragma once
// The piece of work that one decision is about, and the names under which its state is stored.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/event.h"

namespace refgate {

/// repository + identity + share + dimensions + trust. Two events with equal scopes are rivals;
/// everything else runs side by side.
struct Scope {
  Identity identity;
  std::string repository;  ///< empty when the store is the repository's own, or where the caller
                           ///< named the identity, which joins repositories
  std::string share;  ///< which workflows do the same work: a workflow file, or a name that several
                      ///< workflows use
  std::string job;    ///< the job of that file; empty where the share was named, and for callers
                      ///< who know none
  bool share_is_name = false;  ///< true when the share was named (`--share`), so that it cannot
                               ///< meet a workflow file of that name
  std::map<std::string, std::string>
      dimensions;  ///< what tells matrix legs apart: model=opus, region=eu
  Trust trust = Trust::repository;

  bool operator==(const Scope&) const = default;
};

/// The values of a matrix leg as dimensions, from the text of toJSON(matrix): texts as they are,
/// everything else as its JSON. Nothing for null, for what is no JSON object and for what is over
/// 64 KiB: legs that are not told apart find out at their gates. Never throws.
std::map<std::string, std::string> dimensions_of_matrix(std::string_view json);

/// One path component of a ref: letters, digits, '-', '_' and inner dots stand for themselves,
/// every other byte is %XX. The result is never empty, never starts with a dot, has no "..", does
/// not end in ".lock" and never holds '=', ',' or '@', which the names below put between parts.
/// Rules: git-check-ref-format(1). Different texts give different components; those over 120 bytes
/// end in a digest of the whole.
std::string encode_ref_component(std::string_view text);

/// What encode_ref_component made, of any bytes; empty where it kept a digest in place of the end,
/// and for what it does not make.
std::string decode_ref_component(std::string_view encoded);

/// "refs/<name_space>/claims/<identity>/<share, job and dimensions>"
std::string claim_ref(const Scope& scope, std::string_view name_space);

/// What claim_ref made of a share: its name, or the workflow's file.
struct RefShare {
  bool is_name = false;
  std::string text;  ///< empty where the ref was too long to keep it
};

/// Of a claim's ref or a door of it.
RefShare share_of(std::string_view ref);

/// The door of a scope for pull requests that the claim at `ref` does not cover:
/// "<ref>,@for=<number>-<base>". Git cannot hold a ref below a ref, so a door is beside it, and all
/// doors of a scope have its ref as prefix. `covers` is not empty.
std::string door_for(const std::string& ref, const std::vector<Cover>& covers);

/// The door of one job among those of a run that share a scope: "<ref>,@job=<instance>", for an
/// instance of [a-z0-9].
std::string door_of_job(const std::string& ref, std::string_view instance);

/// True for `ref` itself and its doors: what a look by the prefix `ref` shows may belong to a scope
/// whose leaf only begins alike.
bool is_door_of(const std::string& ref, std::string_view listed);

/// The scope's own ref, of any of its doors.
std::string_view first_door_of(std::string_view ref);

/// True for a door that one job of a run has for itself.
bool is_job_door(std::string_view ref);

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
