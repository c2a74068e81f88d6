#pragma once
// The names under which gates share their work, of a whole project, and which of them are meant to
// be one: the one answer for `share-near`, which reports them, and for rules that then say nothing.

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/rule/rule.h"

namespace refgate::lint {

/// Where a share is named.
struct SharePlace {
  const Workflow* workflow;
  YamlNode node;
  bool written;  ///< the value itself stands there, as it is
};

struct ShareName {
  std::string text;
  std::string name;         ///< the text with a `-` for each expression
  std::string expressions;  ///< which have to be equal
  std::vector<SharePlace> places;
};

class ShareNames {
 public:
  explicit ShareNames(const Subject& subject);

  /// Pairs of near names, of which one is a slip: each name with the first one that it is near to.
  std::vector<std::pair<const ShareName*, const ShareName*>> slips() const;
  /// Whether two names are such a pair, or would be but for another name.
  bool is_slip(std::string_view left, std::string_view right) const;

 private:
  static bool is_slip(const ShareName& left, const ShareName& right);
  void add(const Subject& subject, const Workflow& workflow);
  void add(const std::string& text, const SharePlace& place);

  std::vector<ShareName> names_;
  std::map<std::string, std::size_t, std::less<>> by_text_;
};

/// Of the subject's project, worked out once.
const ShareNames& share_names_of(const Subject& subject);

}  // namespace refgate::lint
