#pragma once
// A file that changes in one step: whoever reads it sees the old text or the new one.

#include <string>

namespace refgate {

/// Puts `text` at `path`, by a new file beside it. What lies beside it already, under whatever
/// name, is neither opened nor written through: the folder may be one that others write to. The
/// file is for its owner alone; with `keep_mode` it has the permissions of the one that it
/// replaces. False when it could not be written (errno says why); then nothing has changed.
bool replace_file(const std::string& path, const std::string& text, bool keep_mode = false);

}  // namespace refgate
