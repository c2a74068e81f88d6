#include "core/event/envelope.h"

#include <array>
#include <iostream>
#include <iterator>
#include <ostream>
#include <utility>
#include <variant>

#include "call/commands.h"
#include "cli/input/explain.h"
#include "core/event/scope.h"
#include "job/gate/waiting.h"
#include "job/subject/subject.h"
#include "os/file/regular_file.h"

namespace refgate {
namespace {

constexpr std::size_t largest_body = 32u << 20;

[[noreturn]] void throw_too_long(const std::string& name) {
  throw UsageError("the body " + name + " is over 32 MiB long; nothing was made of it");
}

std::string read_body(std::istream& from) {
  std::string body;
  std::array<char, 1 << 16> piece{};
  while (from.read(piece.data(), piece.size()) || from.gcount() > 0) {
    body.append(piece.data(), static_cast<std::size_t>(from.gcount()));
    if (body.size() > largest_body) throw_too_long("from standard input");
  }
  return body;
}

std::string body_of(const Invocation& call, const Invocation& about) {
  const std::string path = call.option("body", about.environment.get("GITHUB_EVENT_PATH"));
  if (path.empty())
    throw UsageError(
        "there is no body: give --body FILE (or - for standard input), or --payload FILE");
  if (path == "-") return read_body(std::cin);
  auto read = read_regular_file(path, largest_body);
  if (const auto* unread = std::get_if<Unread>(&read))
    throw UsageError("the body " + path + " cannot be read (" + unread->why + ")");
  auto& body = std::get<FileText>(read);
  if (body.cut) throw_too_long(path);
  return std::move(body.bytes);
}

}  // namespace

int command_envelope(const Invocation& call) {
  const Settings settings = settings_of(call);
  if (!call.flag("provider"))
    throw UsageError("--provider is missing: give servicebus or sqs-fifo");
  const auto provider = parse_provider(call.option("provider"));
  if (!provider)
    throw UsageError("--provider is \"" + call.option("provider") +
                     "\", but must be servicebus or sqs-fifo");
  const Invocation about = with_payload(call, settings);
  const Subject subject = subject_of(about, settings);

  Message message;
  message.group = ordering_of(settings, subject, now()).group;
  // The scope is what makes two events the same work, so that the provider drops what a gate would
  // skip.
  message.event_id = subject.event.repository + ":" +
                     subject.ref.substr(claims_prefix(settings.name_space).size());
  message.subject = subject.request.session_key;
  message.event = subject.event.kind;
  message.repository = subject.event.repository;
  message.queue_url = call.option("queue-url");
  message.body = body_of(call, about);
  const auto made = envelope(*provider, message);
  if (const auto* error = std::get_if<std::string>(&made)) throw UsageError(*error);
  call.out << std::get<Envelope>(made).json;
  return exit_done;
}

}  // namespace refgate
