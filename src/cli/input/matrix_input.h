#pragma once
// A list that is to become a job matrix, reduced to its unique members.
//
// GitHub starts one job a member and compares nothing: a model that a list names twice is paid for
// twice.

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace refgate {

/// Jobs that GitHub starts of one matrix at most (GitHub's "Usage limits").
inline constexpr std::size_t most_matrix_jobs = 256;

/// Text over this is no matrix: GitHub bounds a job's outputs to 1 MiB.
inline constexpr std::size_t longest_matrix_text = 1u << 20;

/// What makes two members the same.
struct MatrixIdentity {
  std::string id_key = "id";  ///< the member of an object that says which it is
  bool whole = false;         ///< objects are the same only when all of them is; they need no id
};

struct MatrixDrop {
  std::size_t position = 0;  ///< in the list, from 1
  std::size_t first = 0;     ///< the position of the one that stays
  std::string id;            ///< as JSON
  bool differs = false;      ///< same id, but the objects are not equal
};

struct MatrixInput {
  std::string json;  ///< the members that stay, in order, for fromJSON(): one line of ASCII
  std::size_t count = 0;
  std::vector<MatrixDrop> dropped;  ///< in order
};

struct MatrixError {
  std::string message;  ///< for people; holds nothing of the text
};

/// Reads a JSON list of strings, or of objects whose `id_key` is a string or a number. Members are
/// compared as GitHub's expressions tell values apart in kind: 1 and "1" differ, 1 and 1.0 do not,
/// and the order of an object's keys says nothing; letters count as they are written. Never throws.
std::variant<MatrixInput, MatrixError> unique_members(std::string_view text,
                                                      const MatrixIdentity& identity);

}  // namespace refgate
