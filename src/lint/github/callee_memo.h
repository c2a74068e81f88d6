#pragma once
// What was worked out of an action or a workflow of the project that others use, so that such a
// file is read through once, however many steps or jobs use it.

#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <typeindex>
#include <utility>

#include "lint/github/facts.h"

namespace refgate::lint {

/// Shared by all threads that lint a project; it must not outlive the project or its facts.
class CalleeMemo {
 public:
  /// The value of this type that was made of `callee`, made now if there is none. How deep it lies
  /// is part of the question, since what lies too deep is left out of the answer.
  template <class Value, class Make>
  std::shared_ptr<const Value> get(const void* callee, int depth, Make&& make) const {
    const std::tuple key(std::type_index(typeid(Value)), callee, depth);
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = values_.find(key); known != values_.end())
        return std::static_pointer_cast<const Value>(known->second);
    }
    // Not under the lock: making asks for what lies below.
    auto made = std::make_shared<const Value>(std::forward<Make>(make)());
    const std::lock_guard lock(mutex_);
    return std::static_pointer_cast<const Value>(
        values_.try_emplace(key, std::move(made)).first->second);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::tuple<std::type_index, const void*, int>, std::shared_ptr<const void>>
      values_;
};

/// The same where facts may come without a memo.
template <class Value, class Make>
std::shared_ptr<const Value> of_callee(const Facts& facts, const void* callee, int depth,
                                       Make&& make) {
  if (facts.callees != nullptr)
    return facts.callees->get<Value>(callee, depth, std::forward<Make>(make));
  return std::make_shared<const Value>(std::forward<Make>(make)());
}

}  // namespace refgate::lint
