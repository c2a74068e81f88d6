#include "state/ledgers.h"

#include <utility>
#include <variant>

namespace refgate {

Ledgers read_ledgers(Store& store, const std::string& name_space) {
  return ledgers_in(store.read_all(budgets_prefix(name_space)), name_space);
}

Ledgers ledgers_in(const std::map<std::string, Stored>& read, const std::string& name_space) {
  Ledgers all;
  for (const auto& [ref, stored] : read) {
    if (!ref.starts_with(budgets_prefix(name_space))) continue;
    const auto file = stored.files.find(std::string(ledger_file));
    auto ledger = file == stored.files.end()
                      ? ClaimError{ClaimErrorKind::broken, "it holds something that is no ledger"}
                      : decode_ledger(file->second);
    if (const auto* error = std::get_if<ClaimError>(&ledger))
      all.unreadable.push_back({ref, error->message});
    else
      all.ledgers.push_back({ref, stored.version, std::get<Ledger>(std::move(ledger))});
  }
  return all;
}

}  // namespace refgate
