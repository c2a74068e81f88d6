#include "call/watched_store.h"

#include <array>
#include <string>
#include <utility>

#include "os/undertaking.h"
#include "store/passing_store.h"

namespace refgate {
namespace {

/// "refs/refgate/claims/…" → "claims": what people call what lies below a prefix.
std::string_view kind_of(std::string_view ref) {
  struct Kind {
    std::string_view part;
    std::string_view name;
  };
  static constexpr std::array<Kind, 7> kinds{{{"refs/notes/", "the record"},
                                              {"/claims/", "claims"},
                                              {"/queues/", "queues"},
                                              {"/pause", "pauses"},
                                              {"/results/", "results"},
                                              {"/slots/", "slots"},
                                              {"/newest/", "heads of branches"}}};
  for (const Kind& kind : kinds)
    if (ref.find(kind.part) != std::string_view::npos) return kind.name;
  return "the state";
}

/// "1,200 refs"
std::string counted_refs(std::size_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, ",");
  return digits + (count == 1 ? " ref" : " refs");
}

class WatchedStore final : public PassingStore {
 public:
  using PassingStore::PassingStore;

  std::map<std::string, Version> list(std::string_view prefix) override {
    const Doing doing = reading("reading the names of " + std::string(kind_of(prefix)));
    return PassingStore::list(prefix);
  }
  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    const Doing doing = reading(of(refs));
    return PassingStore::read(refs);
  }
  std::map<std::string, Stored> read_listed(std::span<const std::string> refs) override {
    const Doing doing = reading(of(refs));
    return PassingStore::read_listed(refs);
  }
  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    const Doing doing = reading("reading " + std::string(kind_of(prefix)));
    return PassingStore::read_all(prefix);
  }
  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    const Doing doing(Doing::What::writes, "writing " + counted_refs(changes.size()));
    return PassingStore::swap(changes);
  }

 private:
  static std::string of(std::span<const std::string> refs) {
    return "reading " + counted_refs(refs.size()) + " of " +
           std::string(kind_of(refs.empty() ? std::string_view() : std::string_view(refs.front())));
  }
  static Doing reading(const std::string& text) { return Doing(Doing::What::reads, text); }
};

}  // namespace

std::unique_ptr<Store> watched(std::unique_ptr<Store> store) {
  return std::make_unique<WatchedStore>(std::move(store));
}

}  // namespace refgate
