#pragma once
// Failed exchanges with an HTTP remote in words: what happened, what was not done, what to change.

#include <string>

#include "store/http/http_remote.h"
#include "store/store.h"

namespace refgate {

enum class Intent { reading, writing };

/// True when another try may go better.
bool is_worth_retrying(const ExchangeFailed& failed);

/// `not_done` completes the sentence after a semicolon: "nothing was changed".
StoreError describe_failure(const ExchangeFailed& failed, Intent intent, const std::string& remote,
                            const std::string& not_done, int tries, bool with_token);

}  // namespace refgate
