#pragma once
// What rules work out of a workflow or an action, kept for the rules after them. One memo serves
// the rules of one file, or those of the whole project, on one thread.

#include <map>
#include <memory>
#include <typeindex>
#include <utility>

namespace refgate::lint {

class Memo {
 public:
  Memo() = default;
  Memo(const Memo&) = delete;
  Memo& operator=(const Memo&) = delete;

  /// The value of this type that was made of `of`, made now if there is none. It stays where it is
  /// as long as the memo lives. `make` may ask the memo for other values.
  template <class Value, class Make>
  const Value& get(const void* of, Make&& make) {
    const std::pair key(std::type_index(typeid(Value)), of);
    if (const auto known = values_.find(key); known != values_.end())
      return *static_cast<const Value*>(known->second.get());
    auto made = std::make_shared<const Value>(std::forward<Make>(make)());
    return *static_cast<const Value*>(values_.emplace(key, std::move(made)).first->second.get());
  }

 private:
  std::map<std::pair<std::type_index, const void*>, std::shared_ptr<const void>> values_;
};

}  // namespace refgate::lint
