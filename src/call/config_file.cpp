#include <yaml-cpp/yaml.h>

#include <vector>

#include "call/settings.h"
#include "core/secrets/url_secrets.h"
#include "core/words/nearest.h"
#include "os/trace.h"

namespace refgate {
namespace {

constexpr std::size_t longest_config = 256u << 10;
constexpr std::string_view bots_key = "bots";

std::string at_line(std::string_view origin, const YAML::Mark& mark) {
  return std::string(origin) + (mark.is_null() ? "" : ":" + std::to_string(mark.line + 1)) + ": ";
}

std::optional<std::string> scalar_of(const YAML::Node& node, std::string& value) {
  if (node.IsScalar()) {
    value = node.Scalar();
    return std::nullopt;
  }
  if (node.IsNull()) return std::nullopt;
  return "a single value is wanted here";
}

/// `dimension:` also takes a mapping and a list, as people write them; `budget:` a list.
std::optional<std::string> pairs_of(const YAML::Node& node, std::string& value) {
  if (node.IsMap()) {
    for (const auto& pair : node) {
      if (!pair.first.IsScalar() || !pair.second.IsScalar())
        return "key: value pairs are wanted here";
      value += pair.first.Scalar() + "=" + pair.second.Scalar() + "\n";
    }
    return std::nullopt;
  }
  if (node.IsSequence()) {
    for (const auto& item : node) {
      if (!item.IsScalar()) return "a list of single values is wanted here";
      value += item.Scalar() + "\n";
    }
    return std::nullopt;
  }
  return scalar_of(node, value);
}

/// As of an option: what is said and empty did not come through.
std::string empty_entry(const std::string& key) {
  return "\"" + key + "\" is empty; give it a value, or leave it out";
}

bool is_empty_entry(const YAML::Node& node) {
  return node.IsNull() ||
         (node.IsScalar() && node.Scalar().find_first_not_of(" \t\r\n") == std::string::npos);
}

/// `bots:`, each with its strategy and limits.
std::optional<std::string> apply_bots(Settings& settings, const YAML::Node& bots,
                                      std::string_view origin) {
  if (bots.IsNull()) return std::nullopt;
  if (!bots.IsMap())
    return at_line(origin, bots.Mark()) + "\"bots\": a mapping of names to rows is wanted here";
  for (const auto& row : bots) {
    const std::string where = at_line(origin, row.first.Mark());
    if (!row.first.IsScalar() || row.first.Scalar().empty())
      return where + "a bot's name is no single word";
    if (!row.second.IsMap() && !row.second.IsNull())
      return where + "\"" + row.first.Scalar() +
             "\": a mapping of group-by and limits is wanted here";
    const auto [bot, fresh] = settings.bots.try_emplace(row.first.Scalar());
    if (!fresh) return where + "\"" + row.first.Scalar() + "\" stands here a second time";
    std::vector<std::string> seen;
    for (const auto& pair : row.second) {
      const std::string place = at_line(origin, pair.first.Mark());
      if (!pair.first.IsScalar()) return place + "a key is no single word";
      for (const std::string& earlier : seen)
        if (earlier == pair.first.Scalar())
          return place + "\"" + earlier + "\" stands here a second time";
      seen.push_back(pair.first.Scalar());
      if (is_empty_entry(pair.second)) return place + empty_entry(pair.first.Scalar());
      std::string value;
      if (const auto bad_form = scalar_of(pair.second, value))
        return place + "\"" + pair.first.Scalar() + "\": " + *bad_form;
      if (const auto error = apply_bot_value(bot->second, pair.first.Scalar(), value))
        return place + *error;
    }
  }
  return std::nullopt;
}

std::optional<std::string> apply_mapping(Settings& settings, const YAML::Node& root,
                                         std::string_view origin) {
  std::vector<std::string_view> known;
  for (const SettingRow& row : setting_table())
    if (row.in_config) known.push_back(row.name);

  known.push_back(bots_key);
  std::vector<std::string> seen;
  for (const auto& pair : root) {
    const std::string where = at_line(origin, pair.first.Mark());
    if (!pair.first.IsScalar()) return where + "a key is no single word";
    const std::string key = pair.first.Scalar();
    if (key == bots_key) {
      for (const std::string& earlier : seen)
        if (earlier == key) return where + "\"" + key + "\" stands here a second time";
      seen.push_back(key);
      if (const auto error = apply_bots(settings, pair.second, origin)) return error;
      continue;
    }
    const SettingRow* row = nullptr;
    for (const SettingRow& candidate : setting_table())
      if (candidate.in_config && candidate.name == key) row = &candidate;
    if (row == nullptr) {
      for (const SettingRow& candidate : setting_table())
        if (candidate.name == key)
          return where + "\"" + key + "\" belongs to one run, not to a configuration file: use --" +
                 key;
      const std::string near(nearest(key, known));
      return where + "there is no setting \"" + key + "\"" +
             (near.empty() ? "" : "; did you mean \"" + near + "\"?");
    }
    for (const std::string& earlier : seen)
      if (earlier == key) return where + "\"" + key + "\" stands here a second time";
    seen.push_back(key);
    if (is_empty_entry(pair.second)) return where + empty_entry(key);
    std::string value;
    const bool several = row->form == SettingForm::pairs || row->form == SettingForm::list;
    const auto bad_form = several ? pairs_of(pair.second, value) : scalar_of(pair.second, value);
    if (bad_form) return where + "\"" + key + "\": " + *bad_form;
    if (const auto error = apply_setting(settings, key, value)) return where + *error;
    if (key == "remote") continue;  // its store tells it, without what may be secret
    trace([&] {
      return "setting " + key + " = " + without_url_secrets(value) + " (" + std::string(origin) +
             ")";
    });
  }
  if (!settings.bots.empty() && !settings.group_by.empty()) {
    Bot& rest = settings.bots["default"];
    if (rest.strategy.empty()) rest.strategy = settings.group_by;
    settings.group_by.clear();
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> apply_config(Settings& settings, const std::string& text,
                                        std::string_view origin) {
  if (text.size() > longest_config)
    return std::string(origin) + " is over 256 KiB long, which is no configuration";
  // The reader of YAML takes two bytes for one sign then, and a mark alone for nothing.
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
      text.find('\0') != std::string::npos)
    return std::string(origin) + " is no UTF-8 text, as a configuration must be";
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return std::nullopt;
    if (!root.IsMap()) return at_line(origin, root.Mark()) + "a mapping of settings is wanted here";
    return apply_mapping(settings, root, origin);
  } catch (const YAML::Exception& error) {
    return at_line(origin, error.mark) + error.msg;
  }
}

}  // namespace refgate
