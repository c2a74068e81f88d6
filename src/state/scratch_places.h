#pragma once
// Where doctor tries what a server's rules say of each place that records lie in. A rule may forbid
// one of them only.

#include <string>
#include <string_view>
#include <vector>

namespace refgate {

/// "refs/<name_space>/<place>/@doctor" for each place of the namespace that is a folder, and among
/// the claims one more that is as long as their names are. No name of a record begins with '@'.
/// Nobody reads what they hold.
std::vector<std::string> scratch_places(const std::string& name_space);
bool is_scratch_place(std::string_view ref, const std::string& name_space);

}  // namespace refgate
