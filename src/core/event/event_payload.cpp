#include "core/event/event_payload.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include "core/text/digest.h"
#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

// Walks the text without building anything, so that what is too deep or too large is refused before
// it costs memory. nlohmann's parser keeps its own stack on the heap; depth is bounded for those
// who later walk the tree recursively.
class LimitCheck : public json::json_sax_t {
 public:
  std::string failure;

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(json::number_integer_t) override { return value(); }
  bool number_unsigned(json::number_unsigned_t) override { return value(); }
  bool number_float(json::number_float_t, const json::string_t&) override { return value(); }
  bool string(json::string_t&) override { return value(); }
  bool binary(json::binary_t&) override { return value(); }
  bool key(json::string_t&) override { return true; }
  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }

  // The library's own message repeats the text, which may be anything; the position is enough.
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    failure = "is not valid JSON (byte " + std::to_string(position) + ")";
    failed_at_ = position;
    return false;
  }

  std::size_t failed_at() const { return failed_at_; }

 private:
  bool value() {
    if (++values_ <= max_payload_values) return true;
    failure = "has more than " + std::to_string(max_payload_values) + " values";
    return false;
  }
  bool enter() {
    if (++depth_ > max_payload_depth) {
      failure = "is nested more than " + std::to_string(max_payload_depth) + " levels deep";
      return false;
    }
    return value();
  }
  bool leave() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  std::size_t values_ = 0;
  std::size_t failed_at_ = 0;
};

std::string with_article(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "a list";
    case json::value_t::string:
      return "a string";
    case json::value_t::boolean:
      return "true or false";
    default:
      return "a number";
  }
}

const json& as_json(const void* value) { return *static_cast<const json*>(value); }

enum class Stop { reached, null, missing, not_an_object };

struct Walk {
  const json* value = nullptr;  // the last one reached
  std::string_view at;          // how far the path led
  Stop stop = Stop::reached;
};

Walk walk(const json& root, std::string_view path) {
  const json* value = &root;
  std::string_view at;
  for (std::size_t start = 0; start <= path.size();) {
    const auto end = std::min(path.find('.', start), path.size());
    const std::string key(path.substr(start, end - start));
    const json* next = nullptr;
    std::size_t position = 0;
    const bool is_position =
        std::from_chars(key.data(), key.data() + key.size(), position).ec == std::errc();
    if (value->is_array() && is_position) {
      if (position < value->size()) next = &(*value)[position];
    } else if (value->is_object()) {
      if (const auto member = value->find(key); member != value->end()) next = &*member;
    } else {
      return {value, at, Stop::not_an_object};
    }
    at = path.substr(0, end);
    if (next == nullptr) return {value, at, Stop::missing};
    if (next->is_null()) return {next, at, Stop::null};
    value = next;
    start = end + 1;
  }
  return {value, path, Stop::reached};
}

}  // namespace

struct EventPayload::Tree {
  json root;
};

EventPayload::EventPayload() = default;
EventPayload::~EventPayload() = default;
EventPayload::EventPayload(EventPayload&&) noexcept = default;
EventPayload& EventPayload::operator=(EventPayload&&) noexcept = default;

std::variant<EventPayload, EventError> EventPayload::parse(std::string_view text) {
  if (text.size() > max_payload_bytes)
    return EventError{"The event's payload has " + std::to_string(text.size()) +
                      " bytes, and at most " + std::to_string(max_payload_bytes) + " are read."};
  // nlohmann takes a NUL byte for the end of the text and would not see what follows.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return EventError{"The event's payload holds a NUL byte (byte " + std::to_string(nul + 1) +
                      ")."};
  LimitCheck check;
  if (!json::sax_parse(text, &check)) {
    if (check.failed_at() > text.size())
      return EventError{"The event's payload is cut off: it ends after " +
                        std::to_string(text.size()) + " bytes."};
    return EventError{"The event's payload " + check.failure + "."};
  }
  EventPayload payload;
  payload.tree_ = std::make_unique<Tree>(Tree{json::parse(text, nullptr, false)});
  if (!payload.tree_->root.is_object())
    return EventError{"The event's payload is " + with_article(payload.tree_->root) +
                      " where an object belongs."};
  return payload;
}

void EventPayload::fail(std::string_view path, const std::string& what) {
  if (error_.empty()) error_ = "The payload's " + std::string(path) + " " + what + ".";
}

const void* EventPayload::find(std::string_view path, bool required) {
  if (!tree_) {
    if (required && error_.empty())
      error_ = "There is no payload to read " + std::string(path) + " from.";
    return nullptr;
  }
  const Walk to = walk(tree_->root, path);
  switch (to.stop) {
    case Stop::reached:
      return to.value;
    case Stop::not_an_object:
      fail(to.at, "is " + with_article(*to.value) + " where an object belongs");
      break;
    case Stop::missing:
      if (required) fail(to.at, "is missing");
      break;
    case Stop::null:
      if (required) fail(to.at, "is null");
      break;
  }
  return nullptr;
}

bool EventPayload::mentions(std::string_view path) const {
  if (!tree_) return false;
  const Walk to = walk(tree_->root, path);
  return to.stop == Stop::reached || (to.stop == Stop::null && to.at == path);
}

bool EventPayload::has(std::string_view path) const {
  return tree_ && walk(tree_->root, path).stop == Stop::reached;
}

std::string EventPayload::read_text(std::string_view path, bool required) {
  const void* found = find(path, required);
  if (found == nullptr) return {};
  const json& value = as_json(found);
  if (!value.is_string()) {
    fail(path, "is " + with_article(value) + " where a string belongs");
    return {};
  }
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) {
    if (required) fail(path, "is empty");
    return {};
  }
  if (const auto wrong = what_is_wrong_with(text); !wrong.empty()) {
    fail(path, wrong);
    return {};
  }
  return secrets_.empty() ? text : without_secrets(text, secrets_);
}

std::string EventPayload::read_number(std::string_view path, bool required) {
  const void* found = find(path, required);
  if (found == nullptr) return {};
  const json& value = as_json(found);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0) {
    fail(path, value.is_number() ? "is not a whole number above zero"
                                 : "is " + with_article(value) + " where a number belongs");
    return {};
  }
  return std::to_string(value.get<std::uint64_t>());
}

std::string EventPayload::text(std::string_view path) { return read_text(path, true); }
std::string EventPayload::text_if_any(std::string_view path) { return read_text(path, false); }
std::string EventPayload::number(std::string_view path) { return read_number(path, true); }
std::string EventPayload::number_if_any(std::string_view path) { return read_number(path, false); }

std::string EventPayload::time_if_any(std::string_view path) {
  const void* found = find(path, false);
  if (found == nullptr) return {};
  return as_json(found).is_number() ? read_number(path, false) : read_text(path, false);
}

std::string EventPayload::commit(std::string_view path) {
  std::string id = text(path);
  if (id.empty()) return {};
  if (!is_object_id(id) || is_null_object_id(id)) {
    fail(path, "is not a commit's object id (40 or 64 hexadecimal digits, not all zero)");
    return {};
  }
  return in_lower_case(id);
}

bool EventPayload::flag(std::string_view path) {
  const void* found = find(path, false);
  if (found == nullptr) return false;
  const json& value = as_json(found);
  if (!value.is_boolean()) {
    fail(path, "is " + with_article(value) + " where true or false belongs");
    return false;
  }
  return value.get<bool>();
}

std::size_t EventPayload::count(std::string_view path) {
  const void* found = find(path, true);
  if (found == nullptr) return 0;
  const json& value = as_json(found);
  if (!value.is_array()) {
    fail(path, "is " + with_article(value) + " where a list belongs");
    return 0;
  }
  return value.size();
}

std::string EventPayload::fingerprint(std::string_view path) const {
  if (!tree_) return {};
  const Walk to = walk(tree_->root, path);
  return to.stop == Stop::reached ? sha256_hex(to.value->dump()).substr(0, 16) : std::string();
}

bool is_null_object_id(std::string_view id) {
  return is_object_id(id) && id.find_first_not_of('0') == std::string_view::npos;
}

std::string in_lower_case(std::string_view id) {
  std::string lower(id);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool is_commit_name(std::string_view text) {
  return text.size() >= 7 && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos &&
         text.find_first_not_of('0') != std::string_view::npos;
}

std::string what_is_wrong_with(std::string_view text) {
  if (text.size() > max_event_text_bytes)
    return "has " + std::to_string(text.size()) + " bytes, and at most " +
           std::to_string(max_event_text_bytes) + " are read";
  if (text.find('\0') != std::string_view::npos) return "holds a NUL character";
  try {
    (void)json(text).dump();
  } catch (const json::type_error&) {
    return "is not valid UTF-8";
  }
  return {};
}

}  // namespace refgate
