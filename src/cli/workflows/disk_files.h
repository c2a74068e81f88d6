#pragma once
// The disk as the linter and `init` see it.

#include <string>

#include "lint/workflow/project.h"

namespace refgate {

/// Reads at most one byte over what a document may have, so that a huge file costs nothing.
lint::Files disk_files();

/// False when the file could not be written.
bool write_text_file(const std::string& path, const std::string& text);

/// Replaces a file that is there, all or nothing: a workflow is never left half written.
bool replace_workflow_file(const std::string& path, const std::string& text);

}  // namespace refgate
