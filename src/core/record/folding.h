#pragma once
// Folding many small notes trees of one day into one, as a union of lines. Pure, and linear (but
// for look-ups) in the lines that it is given.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace refgate {

/// A notes tree: path → text, the path being an object id with or without slashes in it (git's
/// fan-out).
using NotesTree = std::map<std::string, std::string>;

/// `folded` with every line of `additions` that it does not hold yet. Lines of ours are told apart
/// by their id; whatever else somebody put into a note is kept as it is, once. The result has a
/// fixed fan-out of two digits, which git reads. Files that are no notes keep their path.
NotesTree fold_notes(const NotesTree& folded, const std::vector<NotesTree>& additions);

/// True when every line of each of `parts` stands in `whole`.
bool holds_all(const NotesTree& whole, const std::vector<NotesTree>& parts);

/// Lines in all notes.
std::size_t count_lines(const NotesTree& tree);

}  // namespace refgate
