#pragma once
// An event as a message for a queue that keeps order by itself: the same key and the same id, in
// the words of the provider.
//
// Sources: "Message sessions" and "Message properties" of Azure Service Bus (SessionId and
// MessageId: up to 128 characters); "SendMessage" of the Amazon SQS API reference (MessageGroupId
// and MessageDeduplicationId: up to 128 of the letters, digits and ASCII punctuation; a body of 1
// to 1,048,576 bytes of the characters that XML 1.0 allows).

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace refgate {

enum class QueueProvider { servicebus, sqs_fifo };

std::optional<QueueProvider> parse_provider(std::string_view text);

struct Message {
  std::string group;     ///< the session key; empty: processed by itself
  std::string event_id;  ///< equal for two events that are the same work
  std::string subject;   ///< for people: the session key of the launch
  std::string event;     ///< "push", …
  std::string repository;
  std::string queue_url;  ///< for SQS; empty: given elsewhere
  std::string body;
};

/// Printable ASCII without blanks, at most 128: the text itself where it is that already, else its
/// start and a digest of the whole. Different texts give different ids.
std::string provider_id(std::string_view text);

struct Envelope {
  std::string json;
};

/// The message as JSON, or one sentence that says why the provider would not take it. For Service
/// Bus: the properties of a message by their names, for SQS the input of `aws sqs send-message
/// --cli-input-json`.
std::variant<Envelope, std::string> envelope(QueueProvider provider, const Message& message);

}  // namespace refgate
