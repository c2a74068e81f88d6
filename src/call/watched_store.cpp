#include "call/watched_store.h"

#include <array>
#include <string>
#include <utility>

#include "os/undertaking.h"

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

class WatchedStore final : public Store {
 public:
  explicit WatchedStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  std::map<std::string, Version> list(std::string_view prefix) override {
    const Doing doing = reading("reading the names of " + std::string(kind_of(prefix)));
    return store_->list(prefix);
  }
  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    const Doing doing = reading(of(refs));
    return store_->read(refs);
  }
  std::map<std::string, Stored> read_listed(std::span<const std::string> refs) override {
    const Doing doing = reading(of(refs));
    return store_->read_listed(refs);
  }
  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    const Doing doing = reading("reading " + std::string(kind_of(prefix)));
    return store_->read_all(prefix);
  }
  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    store_->set_deadline(deadline());
    const Doing doing(Doing::What::writes, "writing " + counted_refs(changes.size()));
    return store_->swap(changes);
  }

  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    return store_->last_seen(prefix);
  }
  std::string describe() const override { return store_->describe(); }
  Traffic traffic() const override { return store_->traffic(); }
  std::optional<ServerClock> server_clock() const override { return store_->server_clock(); }

 private:
  static std::string of(std::span<const std::string> refs) {
    return "reading " + counted_refs(refs.size()) + " of " +
           std::string(kind_of(refs.empty() ? std::string_view() : std::string_view(refs.front())));
  }
  Doing reading(const std::string& text) {
    // The deadline is the caller's, and may have moved since the last call.
    store_->set_deadline(deadline());
    return Doing(Doing::What::reads, text);
  }

  std::unique_ptr<Store> store_;
};

}  // namespace

std::unique_ptr<Store> watched(std::unique_ptr<Store> store) {
  return std::make_unique<WatchedStore>(std::move(store));
}

}  // namespace refgate
