#pragma once
// What a person sees of a verdict in one glance: the annotation and the job summary.

#include <string>

#include "core/text/time.h"
#include "job/verdict/verdict.h"

namespace refgate {

struct Glance {
  const char* level = "";  ///< of the annotation: "notice" or "warning"; empty: none
  std::string sentence;    ///< the annotation: who, how it ended, and when; at most 200 characters
  std::string line;        ///< of the log: the sentence whole, and where the run that it names is
  std::string summary;     ///< Markdown, escaped: the sentence with links, one thing to do, and the
                           ///< rest folded
};

/// A skip that promises something is a notice, any other a warning that says so. A run is none, but
/// for one beside a job that it cannot be told from.
Glance glance_of(const Told& told, Instant now);

/// The job summary's line about an end of this job's session: "ended with success after 12m 3s".
std::string glance_at_end(const std::string& session_key, std::string_view outcome, Duration took);

/// A link to a web page, and plain text for anything else that calls itself one.
std::string markdown_link(std::string_view text, std::string_view url);

}  // namespace refgate
