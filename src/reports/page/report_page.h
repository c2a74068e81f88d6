#pragma once
// report.html, compiled in by embed_page.cmake.

#include <string_view>

namespace refgate {

/// "@DATA@" stands once in it, where the JSON belongs.
std::string_view report_page();

}  // namespace refgate
