// One racer in a process of its own: opens a store, says that it is ready, waits for the start and
// makes one swap. store_racer READY START REF CONTENT EXPECTED|- (path PATH | git URL | http URL
// TOKEN); prints "swapped", "stale" or "refused MESSAGE".

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <iostream>

#include "store/open.h"

using namespace refgate;

int main(int argc, char** argv) {
  if (argc < 8) return 2;
  try {
    const std::string kind = argv[6];
    const std::string address = argv[7];
    const std::string token = argc > 8 ? argv[8] : "";
    auto store =
        kind == "path" ? open_path_store(address)
        : kind == "git"
            ? open_command_store(address)
            : open_https_store({address, token.empty() ? "" : authorization_for_token(token)});
    store->set_deadline(std::chrono::steady_clock::now() + std::chrono::minutes(2));
    Change change;
    change.ref = argv[3];
    change.replacement = Snapshot{{{"claim.json", argv[4]}}, "a racer\n", Instant{}};
    if (std::string(argv[5]) != "-") change.expected = Version{argv[5]};

    const int ready = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
    if (ready < 0 || write(ready, "r", 1) != 1) return 2;
    const int start = open(argv[2], O_RDONLY | O_CLOEXEC);
    if (start < 0 || flock(start, LOCK_SH) != 0) return 2;

    const auto outcome = store->swap({&change, 1}).at(0);
    switch (outcome.result) {
      case SwapResult::swapped:
        std::cout << "swapped";
        break;
      case SwapResult::stale:
        std::cout << "stale";
        break;
      case SwapResult::refused:
        std::cout << "refused " << outcome.message;
        break;
    }
    return 0;
  } catch (const std::exception& error) {
    std::cout << "error " << error.what();
    return 1;
  }
}
