#pragma once
// A webhook payload as a tree that is read by path. Everything in it is untrusted: limits are
// enforced before the tree is built, and a field of the wrong kind is an error that names the
// field, never an exception.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/event/event.h"

namespace refgate {

/// Paths are keys and list positions joined by dots: "pull_request.head.sha", "pages.0.sha".
///
/// A required field that is missing, null or of the wrong kind, and an optional one of the wrong
/// kind, is remembered as the payload's error and read as empty. The first error stays; so a reader
/// asks for all its fields in a row and looks once.
class EventPayload {
 public:
  /// No payload: every required field is missing.
  EventPayload();
  ~EventPayload();
  EventPayload(EventPayload&&) noexcept;
  EventPayload& operator=(EventPayload&&) noexcept;

  /// Fails on text that is no JSON object, or that exceeds max_payload_bytes, max_payload_depth or
  /// max_payload_values, or that holds a NUL byte.
  static std::variant<EventPayload, EventError> parse(std::string_view text);

  /// False for the payload that is none.
  bool given() const { return tree_ != nullptr; }
  /// True when the path leads somewhere, be it to null.
  bool mentions(std::string_view path) const;
  /// True when the path leads to something that is not null.
  bool has(std::string_view path) const;

  /// Required text, not empty, at most max_event_text_bytes, without a NUL character.
  std::string text(std::string_view path);
  /// The same, or empty when it is missing, null or empty.
  std::string text_if_any(std::string_view path);
  /// Required whole number above zero, as digits.
  std::string number(std::string_view path);
  /// The same, or empty when it is missing or null.
  std::string number_if_any(std::string_view path);
  /// A time as GitHub writes it, text or seconds; empty when it is missing or null.
  std::string time_if_any(std::string_view path);
  /// Required object id, in lower case; not the one of all zeros that stands for "no object".
  std::string commit(std::string_view path);
  /// Optional; false when missing or null.
  bool flag(std::string_view path);
  /// The length of a required list.
  std::size_t count(std::string_view path);
  /// 16 hexadecimal digits that differ when what the path leads to differs; empty when it is
  /// missing or null.
  std::string fingerprint(std::string_view path) const;

  /// From now on texts are read without these.
  void hide(std::vector<KnownSecret> secrets) { secrets_ = std::move(secrets); }

  /// What the first bad field was; empty when there was none.
  const std::string& error() const { return error_; }

 private:
  struct Tree;
  const void* find(std::string_view path, bool required);
  void fail(std::string_view path, const std::string& what);
  std::string read_text(std::string_view path, bool required);
  std::string read_number(std::string_view path, bool required);

  std::unique_ptr<Tree> tree_;
  std::vector<KnownSecret> secrets_;
  std::string error_;
};

/// True for an object id of nothing but zeros, which git uses for "no object".
bool is_null_object_id(std::string_view id);

/// Letters A to F of an object id, in lower case.
std::string in_lower_case(std::string_view id);

/// True for 7 to 64 hexadecimal digits that are not all zero: what a caller may call a commit.
bool is_commit_name(std::string_view text);

/// Empty when `text` may be part of an event, else what is wrong with it: "has 5000 bytes, and at
/// most 1024 are read", "holds a NUL byte", …
std::string what_is_wrong_with(std::string_view text);

}  // namespace refgate
