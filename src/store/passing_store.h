#pragma once
// A store in front of another: passes everything on, for those who only want to see it pass.

#include <memory>
#include <utility>

#include "store/store.h"

namespace refgate {

class PassingStore : public Store {
 public:
  explicit PassingStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  std::map<std::string, Version> list(std::string_view prefix) override {
    return behind().list(prefix);
  }
  std::map<std::string, Stored> read(std::span<const std::string> refs) override {
    return behind().read(refs);
  }
  std::map<std::string, Stored> read_listed(std::span<const std::string> refs) override {
    return behind().read_listed(refs);
  }
  std::map<std::string, Stored> read_all(std::string_view prefix) override {
    return behind().read_all(prefix);
  }
  void foresee(Foreseen next) override { store_->foresee(std::move(next)); }
  std::vector<SwapOutcome> swap(std::span<const Change> changes) override {
    return behind().swap(changes);
  }
  std::optional<std::map<std::string, Version>> last_seen(std::string_view prefix) const override {
    return store_->last_seen(prefix);
  }
  std::string describe() const override { return store_->describe(); }
  Traffic traffic() const override { return store_->traffic(); }
  std::optional<ServerClock> server_clock() const override { return store_->server_clock(); }

 private:
  /// The deadline is the caller's, and may have moved since the last call.
  Store& behind() {
    store_->set_deadline(deadline());
    return *store_;
  }

  std::unique_ptr<Store> store_;
};

}  // namespace refgate
