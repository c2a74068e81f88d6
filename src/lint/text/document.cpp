#include "lint/text/document.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "lint/text/document_data.h"
#include "lint/text/yaml_text.h"

namespace refgate::lint {
namespace {

constexpr std::uint32_t block_size = 256;
constexpr std::size_t usual_line = 32;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) == 0x80u; }

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// YAML 1.2 core schema: decimal, octal and hexadecimal integers, floats, infinities, not-a-number.
std::optional<double> core_number(std::string_view text) {
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::nan("");
  const bool sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  const std::string_view digits = text.substr(sign ? 1 : 0);
  if (is_one_of(digits, {".inf", ".Inf", ".INF"})) return text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  const std::string_view prefix = text.substr(0, 2);
  if (prefix == "0x" || prefix == "0o") {
    std::uint64_t whole = 0;
    const auto [end, error] =
        std::from_chars(text.data() + 2, text.data() + text.size(), whole, prefix == "0x" ? 16 : 8);
    return error == std::errc() && end == text.data() + text.size()
               ? std::optional(static_cast<double>(whole))
               : std::nullopt;
  }
  // from_chars also takes "inf" and "nan" and does not take "1."; the rest of the grammar is the
  // same.
  if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  if (digits[0] == '+' || digits[0] == '-' ||
      digits.find_first_of("0123456789") == std::string_view::npos)
    return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const std::string_view rest(end, static_cast<std::size_t>(digits.data() + digits.size() - end));
  if ((error != std::errc() && error != std::errc::result_out_of_range) || !rest.empty())
    return std::nullopt;
  return text[0] == '-' ? -value : value;
}

}  // namespace

DocumentData::DocumentData(std::string given) : text(std::move(given)) {
  if (text.starts_with(byte_order_mark))
    content = static_cast<std::uint32_t>(byte_order_mark.size());
  lines.reserve(text.size() / usual_line + 1);
  lines.push_back(content);
  for (std::size_t found = text.find('\n'); found != std::string::npos;
       found = text.find('\n', found + 1)) {
    lines.push_back(static_cast<std::uint32_t>(found + 1));
  }
  std::size_t wide = ascii_end(text, 0);
  ascii_ = wide == text.size();
  if (ascii_) return;
  std::size_t continuations = 0;
  for (std::size_t block = 0; block < text.size() + block_size; block += block_size) {
    const std::size_t begin = std::min(block, text.size());
    for (; wide < begin; wide = ascii_end(text, wide + 1))
      continuations += is_continuation(text[wide]) ? 1 : 0;
    characters_.push_back(static_cast<std::uint32_t>(begin - continuations));
  }
}

std::uint32_t DocumentData::column(std::uint32_t line_begin, std::uint32_t at) const {
  if (ascii_) return at - line_begin + 1;
  const auto before = [&](std::uint32_t offset) {
    const std::uint32_t block = offset / block_size;
    std::uint32_t count = characters_[block];
    for (std::uint32_t scan = block * block_size; scan < offset; ++scan)
      count += is_continuation(text[scan]) ? 0 : 1;
    return count;
  };
  return before(at) - before(line_begin) + 1;
}

Place DocumentData::place(std::uint32_t begin, std::uint32_t end) const {
  const auto size = static_cast<std::uint32_t>(text.size());
  Place place;
  place.begin = std::clamp(begin, content, size);
  place.end = std::clamp(end, place.begin, size);
  const auto locate = [&](std::uint32_t at, std::uint32_t& line, std::uint32_t& column_out) {
    const auto after = std::upper_bound(lines.begin(), lines.end(), at);
    line = static_cast<std::uint32_t>(after - lines.begin());
    column_out = column(lines[line - 1], at);
  };
  locate(place.begin, place.line, place.column);
  locate(place.end, place.end_line, place.end_column);
  return place;
}

const NodeRecord& DocumentData::resolved(std::uint32_t index) const {
  // An alias never stands for an alias: an anchor cannot be put on one.
  return nodes[index].alias ? nodes[nodes[index].target] : nodes[index];
}

template <>
YamlNode Range<YamlNode>::iterator::operator*() const {
  return {data_, index_};
}

template <>
Range<YamlNode>::iterator& Range<YamlNode>::iterator::operator++() {
  index_ = data_->nodes[index_].next;
  return *this;
}

template <>
Entry Range<Entry>::iterator::operator*() const {
  return {YamlNode(data_, index_), YamlNode(data_, data_->nodes[index_].next)};
}

template <>
Range<Entry>::iterator& Range<Entry>::iterator::operator++() {
  index_ = data_->nodes[data_->nodes[index_].next].next;
  return *this;
}

YamlKind YamlNode::kind() const {
  return data_ == nullptr ? YamlKind::absent : data_->resolved(index_).kind;
}

std::string_view YamlNode::text() const {
  return data_ == nullptr ? std::string_view() : data_->resolved(index_).value;
}

ScalarType YamlNode::type() const {
  if (!is_scalar()) return ScalarType::null;
  const NodeRecord& record = data_->resolved(index_);
  if (record.style != Style::plain || record.string_tag) return ScalarType::string;
  if (is_one_of(record.value, {"true", "True", "TRUE", "false", "False", "FALSE"}))
    return ScalarType::boolean;
  return core_number(record.value) ? ScalarType::number : ScalarType::string;
}

std::optional<bool> YamlNode::boolean() const {
  if (type() != ScalarType::boolean) return std::nullopt;
  return text()[0] == 't' || text()[0] == 'T';
}

std::optional<double> YamlNode::number() const {
  return type() == ScalarType::number ? core_number(text()) : std::nullopt;
}

std::optional<std::string_view> YamlNode::literal() const {
  if (!is_scalar() || has_expression()) return std::nullopt;
  return text();
}

bool YamlNode::has_expression() const { return text().find("${{") != std::string_view::npos; }

std::size_t YamlNode::size() const {
  if (data_ == nullptr) return 0;
  const NodeRecord& record = data_->resolved(index_);
  return record.kind == YamlKind::mapping ? record.children / 2 : record.children;
}

Items YamlNode::items() const {
  Items range;
  range.data_ = data_;
  if (is_sequence()) range.first_ = data_->resolved(index_).child;
  return range;
}

Entries YamlNode::entries() const {
  Entries range;
  range.data_ = data_;
  if (is_mapping()) range.first_ = data_->resolved(index_).child;
  return range;
}

Entry YamlNode::entry(std::string_view key) const {
  if (!is_mapping()) return {};
  for (std::uint32_t at = data_->resolved(index_).child; at != 0;) {
    const std::uint32_t value = data_->nodes[at].next;
    const NodeRecord& written = data_->resolved(at);
    if (written.kind == YamlKind::scalar && written.value == key)
      return {YamlNode(data_, at), YamlNode(data_, value)};
    at = data_->nodes[value].next;
  }
  return {};
}

YamlNode YamlNode::operator[](std::string_view key) const { return entry(key).value; }

Style YamlNode::style() const {
  return data_ == nullptr ? Style::empty : data_->nodes[index_].style;
}

bool YamlNode::is_alias() const { return data_ != nullptr && data_->nodes[index_].alias; }

std::string_view YamlNode::anchor() const {
  if (data_ == nullptr || data_->nodes[index_].name == 0) return {};
  const std::uint32_t name = data_->nodes[index_].name;
  return std::string_view(data_->text).substr(name, anchor_end(data_->text, name - 1) - name);
}

YamlNode YamlNode::target() const {
  return is_alias() ? YamlNode(data_, data_->nodes[index_].target) : *this;
}

Place YamlNode::place() const {
  return data_ == nullptr ? Place()
                          : data_->place(data_->nodes[index_].begin, data_->nodes[index_].end);
}

std::string_view YamlNode::source() const {
  if (data_ == nullptr) return {};
  const NodeRecord& record = data_->nodes[index_];
  return std::string_view(data_->text).substr(record.begin, record.end - record.begin);
}

std::uint32_t YamlNode::outer_begin() const {
  return data_ == nullptr ? 0 : data_->nodes[index_].outer;
}

std::uint32_t YamlNode::end_byte() const { return data_ == nullptr ? 0 : data_->nodes[index_].end; }

template <class Item>
typename Range<Item>::iterator Range<Item>::begin() const {
  iterator first;
  first.data_ = data_;
  first.index_ = first_;
  return first;
}

template class Range<YamlNode>;
template class Range<Entry>;

Document::Document(std::unique_ptr<DocumentData> data) : data_(std::move(data)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

YamlNode Document::root() const { return {data_.get(), 0}; }
std::string_view Document::text() const { return data_->text; }
const std::vector<IgnoreComment>& Document::ignores() const { return data_->ignores; }
const std::vector<SyntaxProblem>& Document::problems() const { return data_->problems; }
Place Document::place(std::uint32_t begin, std::uint32_t end) const {
  return data_->place(begin, end);
}
std::uint32_t Document::line_count() const {
  return static_cast<std::uint32_t>(data_->lines.size());
}

std::uint32_t Document::line_start(std::uint32_t number) const {
  if (number == 0) return data_->content;
  return number > data_->lines.size() ? static_cast<std::uint32_t>(data_->text.size())
                                      : data_->lines[number - 1];
}

std::string_view Document::line(std::uint32_t number) const {
  if (number == 0 || number > data_->lines.size()) return {};
  std::string_view line =
      std::string_view(data_->text)
          .substr(line_start(number), line_start(number + 1) - line_start(number));
  while (!line.empty() && is_break(line.back()))
    line.remove_suffix(1);
  return line;
}

std::variant<Document, SyntaxProblem> read_document(std::string text) {
  if (text.size() > max_document_bytes) {
    return SyntaxProblem{"the file is larger than " + std::to_string(max_document_bytes >> 20) +
                             " MB and was not read",
                         Place()};
  }
  auto data = std::make_unique<DocumentData>(std::move(text));
  if (auto problem = read_nodes(*data)) return *std::move(problem);
  read_ignores(*data);
  return Document(std::move(data));
}

}  // namespace refgate::lint
