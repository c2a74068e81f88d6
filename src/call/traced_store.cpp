#include "call/traced_store.h"

#include <utility>

#include "core/claim/claim.h"
#include "core/secrets/url_secrets.h"
#include "core/text/count.h"
#include "os/trace.h"
#include "store/passing_store.h"

namespace refgate {
namespace {

/// Of a reading of many refs the first are told, and how many more there are.
constexpr std::size_t most_told = 20;

std::string line_of(const Claim& claim) {
  std::string text = "claim " + std::string(name_of(claim.state));
  if (claim.state == ClaimState::ended) text += " with " + std::string(name_of(claim.outcome));
  text += ", generation " + std::to_string(claim.generation);
  if (!claim.holder.run_id.empty()) text += ", run " + claim.holder.run_id;
  if (!claim.holder.job.empty()) text += ", job " + claim.holder.job;
  if (claim.ended_at)
    text += ", ended " + format_second(*claim.ended_at);
  else
    text += ", lease until " + format_second(claim.lease_until);
  return text;
}

/// A claim's state; of any other record its files' names, which hold nothing that people wrote.
std::string line_of(const Files& files) {
  if (const auto file = files.find(std::string(claim_file)); file != files.end()) {
    const auto claim = decode_claim(file->second);
    if (const auto* error = std::get_if<ClaimError>(&claim))
      return "a claim that is not understood: " + error->message;
    return line_of(std::get<Claim>(claim));
  }
  return counted(files.size(), "file");
}

std::string line_of(const Change& change) {
  const std::string what = !change.replacement ? "deletes "
                           : change.expected   ? "replaces "
                                               : "creates ";
  return what + change.ref +
         (change.replacement ? " (" + line_of(change.replacement->files) + ")" : "");
}

std::string_view name_of(SwapResult result) {
  switch (result) {
    case SwapResult::swapped:
      return "swapped";
    case SwapResult::stale:
      return "stale, it holds something else";
    case SwapResult::refused:
      break;
  }
  return "refused";
}

void tell(const std::string& asked, const std::map<std::string, Stored>& found) {
  trace([&] { return "read " + asked + ": " + std::to_string(found.size()) + " there"; });
  std::size_t told = 0;
  for (const auto& [ref, stored] : found) {
    if (++told > most_told) break;
    trace([&, &name = ref, &held = stored] {
      return "  " + name + " at " + held.version.id.substr(0, 8) + ": " + line_of(held.files);
    });
  }
  if (found.size() > most_told)
    trace([&] { return "  and " + std::to_string(found.size() - most_told) + " more"; });
}

std::string names_of(std::span<const std::string> refs) {
  std::string text;
  for (std::size_t i = 0; i < refs.size() && i < most_told; ++i)
    text += (i == 0 ? "" : " ") + refs[i];
  if (refs.size() > most_told) text += " and " + std::to_string(refs.size() - most_told) + " more";
  return text;
}

class TracedStore final : public PassingStore {
 public:
  using PassingStore::PassingStore;

  std::map<std::string, Version> list(std::string_view prefix) override {
    return told("list " + std::string(prefix), [&] {
      auto found = PassingStore::list(prefix);
      trace([&] {
        return "listed " + std::string(prefix) + ": " + std::to_string(found.size()) + " there";
      });
      return found;
    });
  }

  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    return reading(names_of(refs), [&] { return PassingStore::read(refs); });
  }

  std::map<std::string, Stored> read_listed(std::span<const std::string> refs) override {
    return reading(names_of(refs), [&] { return PassingStore::read_listed(refs); });
  }

  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    return reading(std::string(prefix), [&] { return PassingStore::read_all(prefix); });
  }

  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    return told("write", [&] {
      auto outcomes = PassingStore::swap(changes);
      for (std::size_t i = 0; i < outcomes.size() && i < changes.size(); ++i)
        trace([&] {
          return "wrote, " + line_of(changes[i]) + ": " + std::string(name_of(outcomes[i].result)) +
                 (outcomes[i].message.empty() ? "" : ": " + outcomes[i].message);
        });
      return outcomes;
    });
  }

 private:
  template <class Operation>
  auto told(const std::string& what, const Operation& operation) -> decltype(operation()) {
    try {
      return operation();
    } catch (const StoreError& error) {
      trace([&] { return "could not " + what + ": " + error.what(); });
      throw;
    }
  }

  template <class Operation>
  std::map<std::string, Stored> reading(const std::string& asked, const Operation& operation) {
    return told("read " + asked, [&] {
      auto found = operation();
      tell(asked, found);
      return found;
    });
  }
};

}  // namespace

std::unique_ptr<Store> traced(std::unique_ptr<Store> store) {
  trace([&] { return "the state is at " + without_url_secrets(store->describe()); });
  return std::make_unique<TracedStore>(std::move(store));
}

}  // namespace refgate
