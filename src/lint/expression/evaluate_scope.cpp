#include "lint/expression/evaluate.h"

namespace refgate::lint {
namespace {

/// The object with another value at the path. Order counts (`*` gives values in order), so a
/// property that is there keeps its place. What is no object becomes an open one.
Value with(const Value& object, std::span<const std::string> path, const Value& value) {
  if (path.empty()) return value;
  const Value* inner = object.kind() == Value::Kind::object ? object.find(path.front()) : nullptr;
  return object.with_property(
      path.front(), with(inner == nullptr ? Value::unknown() : *inner, path.subspan(1), value));
}

}  // namespace

Scope::Scope() : root_(Value::object({}, Completeness::open)) {}

void Scope::set(std::string_view dotted, const Value& value) { set(parse_path(dotted), value); }

void Scope::set(const ContextPath& path, const Value& value) { root_ = with(root_, path, value); }

void Scope::close(std::string_view dotted) { close(parse_path(dotted)); }

void Scope::close(const ContextPath& path) {
  const Value object = get(path);
  set(path, Value::object(object.kind() == Value::Kind::object ? object.properties()
                                                               : Value::Properties{}));
}

Value Scope::get(const ContextPath& path) const {
  Value value = root_;
  for (const std::string& name : path) {
    if (value.kind() == Value::Kind::object) {
      value = value.property(name);
    } else {
      return value.is_known() ? Value() : Value::unknown();
    }
  }
  return value;
}

Value Scope::context(std::string_view name) const { return root_.property(name); }

void Scope::set_status(Truth success, Truth failure, Truth cancelled) {
  success_ = success;
  failure_ = failure;
  cancelled_ = cancelled;
}

void Scope::set_status(Status status) { status_ = std::move(status); }

Truth Scope::status(std::string_view function, std::span<const std::string> jobs) const {
  if (same_name(function, "always")) return Truth::yes;
  if (status_) return status_(function, jobs);
  if (!jobs.empty()) return Truth::unknown;
  return same_name(function, "success")   ? success_
         : same_name(function, "failure") ? failure_
                                          : cancelled_;
}

}  // namespace refgate::lint
