#pragma once
// Tables that give the members of an enumeration their words in records and outputs.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace refgate {

template <typename E>
struct EnumName {
  E value;
  std::string_view name;
};

/// Every member must have a row.
template <typename E, std::size_t N>
constexpr std::string_view name_in(const std::array<EnumName<E>, N>& table, E value) {
  for (const auto& row : table)
    if (row.value == value) return row.name;
  return {};
}

template <typename E, std::size_t N>
constexpr std::optional<E> find_in(const std::array<EnumName<E>, N>& table, std::string_view name) {
  for (const auto& row : table)
    if (row.name == name) return row.value;
  return std::nullopt;
}

}  // namespace refgate
