#pragma once
// What --json prints, as docs/json.md describes it.

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

namespace refgate {

/// Of the shape of what --json prints. It grows when a member goes or changes its meaning; a new
/// member changes nothing for those who read the others.
inline constexpr int json_version = 1;

/// An object with its version, and nothing in it but ASCII, so that no terminal is steered by it.
void print_json(std::ostream& out, nlohmann::json object);

/// A list under its name: {"version": 1, "<name>": […]}.
void print_json_list(std::ostream& out, const char* name, nlohmann::json list);

}  // namespace refgate
