#pragma once
// The plug: real argv, environment and streams in, exit status out.

namespace refgate {

/// Runs one command. Exit status: 0 done; 1 the answer is no; 2 wrong usage or input; 3 the store
/// could not be reached, read or written; 4 internal.
int run_main(int argc, char** argv);

}  // namespace refgate
