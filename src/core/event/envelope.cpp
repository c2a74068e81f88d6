#include "core/event/envelope.h"

#include <algorithm>
#include <array>

#include "core/text/digest.h"
#include "core/text/enum_name.h"
#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t longest_id = 128;
constexpr std::size_t kept_of_long_id = 80;
constexpr std::size_t largest_sqs_body = 1u << 20;
// No id that stands for itself holds this, so that it cannot meet a digested one.
constexpr std::string_view digest_mark = "~sha256~";

constexpr std::array<EnumName<QueueProvider>, 2> providers{
    {{QueueProvider::servicebus, "servicebus"}, {QueueProvider::sqs_fifo, "sqs-fifo"}}};

bool is_plain(char c) { return c > ' ' && c < 0x7f; }

/// The first character of the body that XML 1.0 does not allow, by its bytes; also where it is no
/// UTF-8.
bool is_sqs_text(std::string_view body) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(body[i]); };
  for (std::size_t i = 0; i < body.size();) {
    const unsigned char lead = byte(i);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xc2 && lead < 0xe0 ? 2
                               : lead >= 0xe0 && lead < 0xf0 ? 3
                               : lead >= 0xf0 && lead < 0xf5 ? 4
                                                             : 0;
    if (length == 0 || i + length > body.size()) return false;
    char32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xc0U) != 0x80U) return false;
      point = point << 6 | (byte(i + k) & 0x3fU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    const bool allowed =
        point == 0x9 || point == 0xa || point == 0xd || (point >= 0x20 && point <= 0xd7ff) ||
        (point >= 0xe000 && point <= 0xfffd) || (point >= 0x10000 && point <= 0x10ffff);
    if (overlong || !allowed) return false;
    i += length;
  }
  return true;
}

std::string dump(const ordered_json& value) { return shown_json(value, 1) + "\n"; }

/// Attributes of SQS must not be empty.
void attribute(ordered_json& attributes, const char* name, const std::string& value) {
  if (!value.empty() && is_sqs_text(value))
    attributes[name] = {{"DataType", "String"}, {"StringValue", value}};
}

std::variant<Envelope, std::string> for_sqs(const Message& message) {
  if (message.body.empty()) return std::string("the body is empty, and SQS takes no empty message");
  if (message.body.size() > largest_sqs_body)
    return "the body has " + std::to_string(message.body.size()) +
           " bytes, and SQS takes at most " + std::to_string(largest_sqs_body) +
           ": give a smaller one with --body";
  if (!is_sqs_text(message.body))
    return std::string(
        "the body is no UTF-8, or has control characters, which SQS does not take: encode it "
        "first");
  ordered_json value = ordered_json::object();
  if (!message.queue_url.empty()) value["QueueUrl"] = message.queue_url;
  value["MessageBody"] = message.body;
  // Every message of a FIFO queue is in a group; what is processed by itself is alone in its own.
  value["MessageGroupId"] = provider_id(message.group.empty() ? message.event_id : message.group);
  value["MessageDeduplicationId"] = provider_id(message.event_id);
  ordered_json attributes = ordered_json::object();
  attribute(attributes, "event", message.event);
  attribute(attributes, "repository", message.repository);
  attribute(attributes, "session", message.subject);
  if (!attributes.empty()) value["MessageAttributes"] = attributes;
  return Envelope{dump(value)};
}

std::variant<Envelope, std::string> for_servicebus(const Message& message) {
  ordered_json value = ordered_json::object();
  if (!message.group.empty()) value["SessionId"] = provider_id(message.group);
  value["MessageId"] = provider_id(message.event_id);
  value["Subject"] = message.subject;
  const bool is_json = nlohmann::json::accept(message.body);
  value["ContentType"] = is_json ? "application/json" : "text/plain";
  value["ApplicationProperties"] = {{"event", message.event}, {"repository", message.repository}};
  value["Body"] = message.body;
  return Envelope{dump(value)};
}

}  // namespace

std::optional<QueueProvider> parse_provider(std::string_view text) {
  return find_in(providers, text);
}

std::string provider_id(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), is_plain);
  if (plain && text.size() <= longest_id && text.find(digest_mark) == std::string_view::npos)
    return std::string(text);
  std::string id;
  for (const char c : text.substr(0, kept_of_long_id))
    id += is_plain(c) ? c : '_';
  return id + std::string(digest_mark) +
         sha256_hex(text).substr(0, longest_id - kept_of_long_id - digest_mark.size());
}

std::variant<Envelope, std::string> envelope(QueueProvider provider, const Message& message) {
  return provider == QueueProvider::sqs_fifo ? for_sqs(message) : for_servicebus(message);
}

}  // namespace refgate
