#pragma once
// All processes of a session, whatever group or session of the system they have made for
// themselves: each has the session's mark in its environment.

#include <sys/types.h>

#include <set>
#include <string>

namespace refgate {

inline constexpr const char* session_mark_variable = "REFGATE_SESSION_MARK";

/// Sends the signal to every process that was started with the mark, and returns which those were.
/// None for an empty mark.
std::set<pid_t> signal_marked(const std::string& mark, int number);

/// True while any of them lives.
inline bool any_marked(const std::string& mark) { return !signal_marked(mark, 0).empty(); }

}  // namespace refgate
