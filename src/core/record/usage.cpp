#include "core/record/usage.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/record/usage_names.h"
#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

/// Deeper and longer names stand for nothing that is looked for.
constexpr std::size_t deepest_name = 6;
constexpr std::size_t longest_name = 128;

bool fits(std::string_view pattern, const std::vector<std::string>& path) {
  for (const std::string& name : path) {
    const std::size_t end = std::min(pattern.find('.'), pattern.size());
    if (pattern.empty() || (pattern.substr(0, end) != "*" && pattern.substr(0, end) != name))
      return false;
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return pattern.empty();
}

/// What one object says, by row of the table.
struct Told {
  std::array<std::optional<std::uint64_t>, usage_names.size()> values{};
  bool any = false;
  bool wrong_cost = false;
  bool wrong_tokens = false;

  /// The sum of the first group of that kind that has a value.
  std::optional<std::uint64_t> sum(UsageKind kind) const {
    std::optional<std::uint64_t> total;
    std::optional<unsigned> group;
    for (std::size_t i = 0; i < usage_names.size(); ++i) {
      const UsageName& name = usage_names[i];
      if (name.kind != kind || !values[i] || (group && *group != name.group)) continue;
      group = name.group;
      total = added(total.value_or(0), *values[i]);
    }
    return total;
  }
};

/// Events of the parser, so that neither numbers pass through floating point nor the text is held
/// as a tree.
class Reader : public nlohmann::json_sax<json> {
 public:
  const std::optional<Told>& last() const { return last_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool binary(json::binary_t&) override { return true; }
  bool string(std::string&) override { return true; }
  bool number_integer(std::int64_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) override { return take(std::to_string(value)); }
  bool number_float(double, const std::string& text) override { return take(text); }

  bool start_object(std::size_t) override {
    open(false);
    return true;
  }
  bool start_array(std::size_t) override {
    open(true);
    return true;
  }
  bool key(std::string& name) override {
    if (within() > 0 && within() <= deepest_name) {
      path_.resize(within() - 1);
      path_.push_back(name.size() <= longest_name ? name : std::string());
    }
    return true;
  }
  bool end_object() override {
    if (within() == 1 && told_.any) last_ = told_;
    close();
    return true;
  }
  bool end_array() override {
    close();
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }

  /// The beginning of another text.
  void begin() {
    depth_ = 0;
    in_list_ = false;
    path_.clear();
    arrays_.clear();
  }

 private:
  /// How deep below an object of the top level, that one being 1; 0 outside of all.
  std::size_t within() const { return depth_ - (in_list_ && depth_ > 0 ? 1 : 0); }

  void open(bool array) {
    if (depth_ == 0) in_list_ = array;
    ++depth_;
    if (within() == 1 && !array) told_ = Told{};
    if (within() >= 1 && within() <= deepest_name + 1) {
      arrays_.resize(within() - 1);
      arrays_.push_back(array);
    }
  }

  void close() {
    --depth_;
    path_.resize(std::min(path_.size(), within()));
    arrays_.resize(std::min(arrays_.size(), within()));
  }

  bool take(const std::string& text) {
    if (within() == 0 || within() > deepest_name || path_.size() != within()) return true;
    if (std::find(arrays_.begin(), arrays_.end(), true) != arrays_.end()) return true;
    for (std::size_t i = 0; i < usage_names.size(); ++i) {
      const UsageName& name = usage_names[i];
      if (!fits(name.path, path_)) continue;
      std::optional<std::uint64_t> value;
      if (name.kind == UsageKind::tokens)
        value = parse_tokens(text);
      else if (const auto cost = parse_usd(text))
        value = cost->millionths;
      (name.kind == UsageKind::cost ? told_.wrong_cost : told_.wrong_tokens) |= !value.has_value();
      told_.any = true;
      // Of one name the last value counts; what "*" stands for is added up.
      if (value && told_.values[i] && name.path.find('*') != std::string_view::npos)
        value = added(*value, *told_.values[i]);
      told_.values[i] = value;
    }
    return true;
  }

  std::size_t depth_ = 0;
  bool in_list_ = false;           ///< the top level is an array
  std::vector<std::string> path_;  ///< names below the object of the top level
  std::vector<bool> arrays_;       ///< which of what is open there is an array
  Told told_;
  std::optional<Told> last_;
};

bool parse(Reader& reader, std::string_view text) {
  reader.begin();
  return json::sax_parse(text.data(), text.data() + text.size(), &reader);
}

Usage usage_of(const Told& told) {
  Usage usage;
  if (const auto cost = told.sum(UsageKind::cost); cost && Usd{*cost} <= most_cost)
    usage.spent.cost = Usd{*cost};
  if (const auto tokens = told.sum(UsageKind::tokens); tokens && *tokens <= most_tokens)
    usage.spent.tokens = *tokens;
  if (told.wrong_cost && !usage.spent.cost)
    usage.problem = "its cost is no amount from 0 to 1000000";
  if (told.wrong_tokens && !usage.spent.tokens)
    usage.problem += (usage.problem.empty() ? "" : ", and ") +
                     std::string("its tokens are no whole number up to ") +
                     std::to_string(most_tokens);
  return usage;
}

}  // namespace

Usage read_usage(std::string_view text) {
  text = text.substr(0, longest_usage);
  Reader whole;
  const bool is_json = parse(whole, text);
  if (is_json && whole.last()) return usage_of(*whole.last());
  // Of a text that is none as a whole what was read of it is no object that ended.
  Reader lines;
  bool any_line = is_json;
  while (!is_json && !text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || (line[begin] != '{' && line[begin] != '[')) continue;
    Reader one = lines;
    if (!parse(one, line)) continue;
    lines = one;
    any_line = true;
  }
  if (lines.last()) return usage_of(*lines.last());
  return {{},
          any_line ? "it says nothing of a cost or of tokens under a name that is known"
                   : "it is neither JSON nor JSON lines"};
}

}  // namespace refgate
