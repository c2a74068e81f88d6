// libyaml's events to nodes. libyaml tells of each node where it begins, anchor and tag included,
// where it ends, how it is written and what it holds. Left to do: where the node itself begins; the
// ends of block scalars, which run over blank lines, and of block collections, which run on to the
// next token; and what aliases amount to.
//
// GitHub reads workflows with YamlDotNet, which was ported from libyaml: what one refuses, the
// other does too.

#include <yaml.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include "lint/text/document_data.h"
#include "lint/text/yaml_source.h"
#include "lint/text/yaml_text.h"

namespace refgate::lint {
namespace {

constexpr std::size_t max_problems = 100;

/// Thrown to stop reading.
struct Stop {
  std::string message;
  std::uint32_t at;
};

struct Expansion {
  std::uint32_t node = 0;
  std::size_t nodes = 1;  ///< with every alias written out
  int height = 1;
  bool closed = false;
};

/// One event, freed at its end.
struct Event {
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event); }
  yaml_event_t event{};
};

std::string_view view_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

bool is_null_word(std::string_view value) {
  return value == "~" || value == "null" || value == "Null" || value == "NULL";
}

class TreeBuilder {
 public:
  TreeBuilder(DocumentData& data, const YamlSource& source)
      : data_(data), text_(data.text), source_(source) {}

  void take(const yaml_event_t& event) {
    begin_ = source_.offset(event.start_mark.index);
    end_ = source_.offset(event.end_mark.index);
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        if (documents_++ != 0)
          throw Stop{"a second document begins here; GitHub reads one document a file", begin_};
        break;
      case YAML_ALIAS_EVENT:
        alias(view_of(event.data.alias.anchor));
        break;
      case YAML_SCALAR_EVENT:
        scalar(event.data.scalar);
        break;
      case YAML_SEQUENCE_START_EVENT:
        open(YamlKind::sequence, event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
             {view_of(event.data.sequence_start.anchor), view_of(event.data.sequence_start.tag)});
        break;
      case YAML_MAPPING_START_EVENT:
        open(YamlKind::mapping, event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
             {view_of(event.data.mapping_start.anchor), view_of(event.data.mapping_start.tag)});
        break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        close();
        break;
      default:
        break;
    }
  }

 private:
  struct Frame {
    std::uint32_t node;
    std::uint32_t last_child;
    std::uint32_t anchor;  ///< its number, from 1; 0 is none
    std::size_t nodes = 1;
    int height = 1;
    bool flow = false;
  };

  struct Written {
    std::string_view anchor;
    std::string_view tag;
    bool any() const { return !anchor.empty() || !tag.empty(); }
  };

  NodeRecord started(YamlKind kind, const Written& written) const {
    NodeRecord record;
    record.kind = kind;
    record.outer = begin_;
    record.begin = begin_;
    if (written.any()) {
      const Properties properties = skip_properties(text_, begin_);
      if (properties.strange_tag) throw Stop{"GitHub does not know this tag", begin_};
      record.begin = properties.content;
    }
    // Nodes stand in order, and children inside of their parents.
    record.begin = record.end = std::max(record.begin, cursor_);
    return record;
  }

  void alias(std::string_view name) {
    NodeRecord record = started(YamlKind::null, {});
    record.alias = true;
    record.style = Style::plain;
    record.name = record.begin + 1;
    record.end = end_;
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) throw Stop{"no anchor of this name stands above", record.begin};
    const Expansion& target = expansions_[found->second];
    if (!target.closed) throw Stop{"this alias stands inside of what it repeats", record.begin};
    record.target = target.node;
    record.kind = data_.nodes[target.node].kind;
    grow(target.nodes, target.height, record.begin);
    add(record, {});
    cursor_ = record.end;
  }

  template <class Scalar>
  void scalar(const Scalar& given) {
    const Written written{view_of(given.anchor), view_of(given.tag)};
    const std::string_view value(reinterpret_cast<const char*>(given.value), given.length);
    const bool plain = given.style == YAML_PLAIN_SCALAR_STYLE;
    const bool null = plain && written.tag.empty() && (value.empty() || is_null_word(value));
    NodeRecord record = started(null ? YamlKind::null : YamlKind::scalar, written);
    record.string_tag = plain && !written.tag.empty();
    record.style = style_of(given.style);
    if (plain && value.empty()) {
      make_empty(record, written.any());
      if (null) record.style = Style::empty;
    } else {
      record.end = plain || is_quoted(record.style) ? end_ : block_end(record.begin);
      if (!null) record.value = keep(record, value);
    }
    if (plain && value == "<<" && at_key() && data_.problems.size() < max_problems) {
      data_.problems.push_back(
          {"GitHub reads anchors and aliases, but no merge keys (`<<`): write the entries out",
           data_.place(record.begin, record.end)});
    }
    expansions_[add(record, written.anchor)].closed = true;
    cursor_ = std::max(cursor_, record.end);
  }

  static Style style_of(yaml_scalar_style_t style) {
    switch (style) {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return Style::single_quoted;
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return Style::double_quoted;
      case YAML_LITERAL_SCALAR_STYLE:
        return Style::literal;
      case YAML_FOLDED_SCALAR_STYLE:
        return Style::folded;
      default:
        return Style::plain;
    }
  }

  static bool is_quoted(Style style) {
    return style == Style::single_quoted || style == Style::double_quoted;
  }

  bool at_key() const {
    if (frames_.empty()) return false;
    const NodeRecord& parent = data_.nodes[frames_.back().node];
    return parent.kind == YamlKind::mapping && parent.children % 2 == 0;
  }

  /// After the last character of its last line that is not blank, or after its header when it has
  /// none.
  std::uint32_t block_end(std::uint32_t begin) const {
    std::uint32_t header = begin;
    while (header < end_ && !is_blank(text_[header]) && !is_break(text_[header]))
      ++header;
    const auto first_line =
        static_cast<std::uint32_t>(std::min<std::size_t>(text_.find('\n', header), end_));
    const std::uint32_t end = trimmed_end(text_, first_line, end_);
    return end == first_line ? header : end;
  }

  /// Puts an absent node where it would be written: after its anchor or tag, or after the `:` or
  /// `-` that announces it.
  void make_empty(NodeRecord& record, bool has_properties) {
    std::uint32_t at = cursor_;
    if (has_properties) {
      at = std::max(cursor_, skip_properties(text_, record.outer).end);
    } else {
      if (!frames_.empty() && !at_key()) {
        const bool mapping = data_.nodes[frames_.back().node].kind == YamlKind::mapping;
        if (mapping || !frames_.back().flow)
          at = past_indicator(text_, cursor_, mapping ? ':' : '-');
        // Without an indicator, libyaml's mark is that of the token behind.
        if (at > begin_) at = cursor_;
      }
      record.outer = at;
    }
    record.begin = record.end = at;
    cursor_ = std::max(cursor_, at);
  }

  std::string_view keep(const NodeRecord& record, std::string_view value) {
    const std::uint32_t quote = is_quoted(record.style) ? 1 : 0;
    const std::string_view written = text_.substr(record.begin + quote, value.size());
    if (written == value) return written;
    std::string& kept = data_.values.emplace_back(value);
    source_.restore(kept);
    return kept;
  }

  /// Puts the node below the open collection, and returns the number of its anchor.
  std::uint32_t add(NodeRecord& record, std::string_view anchor) {
    record.end = std::max(record.end, record.begin);
    const auto index = static_cast<std::uint32_t>(data_.nodes.size());
    std::uint32_t number = 0;
    if (!anchor.empty()) {
      // The anchor may stand before or after the tag.
      std::uint32_t at = record.outer;
      if (at < text_.size() && text_[at] == '!') at = skip_properties(text_, at, 1).content;
      if (at < text_.size() && text_[at] == '&') record.name = at + 1;
      number = static_cast<std::uint32_t>(expansions_.size());
      anchors_[std::string(anchor)] = number;
      expansions_.push_back({index});
    }
    data_.nodes.push_back(record);
    if (frames_.empty()) return number;
    Frame& frame = frames_.back();
    NodeRecord& parent = data_.nodes[frame.node];
    (parent.children++ == 0 ? parent.child : data_.nodes[frame.last_child].next) = index;
    frame.last_child = index;
    if (!record.alias) grow(1, 1, record.begin);
    return number;
  }

  /// Counts what a child adds to its parent.
  void grow(std::size_t nodes, int height, std::uint32_t at) {
    if (frames_.empty()) return;
    Frame& frame = frames_.back();
    frame.nodes += nodes;
    frame.height = std::max(frame.height, height + 1);
    if (frame.nodes > max_expanded_nodes)
      throw Stop{"with its aliases written out, the file has more than " +
                     std::to_string(max_expanded_nodes) + " nodes",
                 at};
    // libyaml looks at each open bracket for each token.
    if (static_cast<int>(frames_.size()) + height > max_document_depth) {
      throw Stop{
          "the file is nested more than " + std::to_string(max_document_depth) + " levels deep",
          at};
    }
  }

  void open(YamlKind kind, bool flow, const Written& written) {
    NodeRecord record = started(kind, written);
    record.style = flow ? Style::flow : Style::block;
    const std::uint32_t anchor = add(record, written.anchor);
    frames_.push_back({static_cast<std::uint32_t>(data_.nodes.size() - 1), 0, anchor, 1, 1, flow});
    const bool bracket = flow && record.begin < text_.size() &&
                         (text_[record.begin] == '[' || text_[record.begin] == '{');
    cursor_ = std::max(cursor_, record.begin + (bracket ? 1 : 0));
  }

  void close() {
    const Frame frame = frames_.back();
    frames_.pop_back();
    NodeRecord& record = data_.nodes[frame.node];
    const char first = record.begin < text_.size() ? text_[record.begin] : '\0';
    // `[a: b]` holds a mapping that has no brackets of its own, and begins where its first key
    // begins.
    const bool own = frame.flow && (first == '[' || first == '{') &&
                     (record.children == 0 || data_.nodes[record.child].outer != record.begin);
    record.end = own ? end_ : std::max(cursor_, record.begin);
    cursor_ = record.end;
    if (frame.anchor != 0)
      expansions_[frame.anchor] = {frame.node, frame.nodes, frame.height, true};
    // The node itself was counted when it was added.
    if (!frames_.empty()) grow(frame.nodes - 1, frame.height, record.begin);
  }

  DocumentData& data_;
  std::string_view text_;
  const YamlSource& source_;
  std::vector<Frame> frames_;
  std::map<std::string, std::uint32_t, std::less<>> anchors_;  ///< the number of the last so named
  std::vector<Expansion> expansions_{1};                       ///< of no anchor, then by number
  std::uint32_t begin_ = 0;                                    ///< of the event at hand
  std::uint32_t end_ = 0;
  std::uint32_t cursor_ = 0;  ///< the end of what was read last
  int documents_ = 0;
};

struct Fault {
  std::string_view context;  ///< what libyaml was at, by a part of its words; empty: anything
  std::string_view problem;  ///< what it says, by its first words
  std::string_view message;
  bool at_context = false;  ///< the place to look at is where that began
};

/// What libyaml says, in words that say what to do. The first row that fits counts.
constexpr std::array<Fault, 24> faults = {{
    {"quoted scalar", "found unexpected end of stream", "this quoted text is never closed", true},
    {"quoted scalar", "found unexpected document indicator",
     "this quoted text is not closed before the next document", true},
    {"quoted scalar", "found unknown escape",
     "double quotes know no such escape; write `\\\\` for a backslash, or use single quotes"},
    {"quoted scalar", "",
     "this escape of a double-quoted text cannot be read; write `\\\\` for a backslash"},
    {"tag", "", "GitHub does not know this tag"},
    {"parsing a node", "found undefined tag", "GitHub does not know this tag"},
    {"directive", "", "GitHub cannot read this directive; a workflow needs none"},
    {"", "found incompatible YAML", "GitHub cannot read this directive; a workflow needs none"},
    {"", "found duplicate", "a directive stands here twice; a workflow needs none"},
    {"anchor", "", "the name of an anchor is made of letters, digits, `-` and `_`"},
    {"alias", "", "the name of an alias is made of letters, digits, `-` and `_`"},
    {"", "mapping values are not allowed",
     "a `key: value` cannot stand here; a value with `: ` in it needs quotes"},
    {"block mapping", "did not find expected key",
     "this does not fit the mapping above it; look at the indentation and at unclosed quotes"},
    {"block collection", "did not find expected '-'",
     "this does not belong to the list above it; look at the indentation"},
    {"flow mapping", "did not find expected ','",
     "a `{` is not closed by `}`, or a comma is missing"},
    {"flow sequence", "did not find expected ','",
     "a `[` is not closed by `]`, or a comma is missing"},
    {"", "block sequence entries are not allowed", "a list item (`- `) cannot stand here"},
    {"", "mapping keys are not allowed", "a key cannot stand here"},
    {"", "found character that cannot start",
     "no YAML value can begin with this character; put the text in quotes"},
    {"", "could not find expected ':'",
     "a `:` is missing behind this key; look at the indentation and at unclosed quotes above it "
     "too",
     true},
    {"", "found a tab character", "a tab cannot indent; YAML wants spaces"},
    {"block scalar", "",
     "after `|` and `>` stand an indentation from 1 to 9, `-` or `+`, and "
     "nothing else"},
    {"", "did not find expected <document start>", "this does not belong to what stands above it"},
    {"", "did not find expected node content", "a value is missing here, or a bracket too many"},
}};

/// A tab in the indentation of the line is the likely cause of whatever was said of it.
SyntaxProblem problem_at(const DocumentData& data, std::string message, std::uint32_t at) {
  const std::string_view text = data.text;
  at = std::min(at, static_cast<std::uint32_t>(text.size()));
  const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const auto line =
      before == std::string_view::npos ? data.content : static_cast<std::uint32_t>(before + 1);
  std::uint32_t scan = line;
  while (scan < text.size() && is_blank(text[scan]))
    ++scan;
  if (text.substr(line, scan - line).find('\t') != std::string_view::npos)
    return {"a tab cannot indent; YAML wants spaces", data.place(line, scan)};
  if (at < text.size() && text[at] == '\t')
    return {"a tab cannot stand here; YAML wants spaces", data.place(at, at)};
  return {std::move(message), data.place(at, at)};
}

/// The character at hand may say more than libyaml does.
std::string message_at(std::string_view text, std::uint32_t at, std::string_view context,
                       std::string_view message) {
  const std::string_view rest = text.substr(std::min<std::size_t>(at, text.size()), 2);
  const bool in_block = context.find("block") != std::string_view::npos;
  if (in_block && (rest.starts_with(']') || rest.starts_with('}')))
    return "this closing bracket was never opened";
  if (rest == "- " && context.find("node") != std::string_view::npos)
    return "a list item (`- `) cannot stand here";
  return std::string(message);
}

SyntaxProblem fault_of(const yaml_parser_t& parser, const DocumentData& data,
                       const YamlSource& source) {
  const std::string_view context = parser.context == nullptr ? "" : parser.context;
  const std::string_view problem = parser.problem == nullptr ? "" : parser.problem;
  if (problem.empty()) return {"the YAML reader gave up: there is no memory for it", Place()};
  const auto fault = std::find_if(faults.begin(), faults.end(), [&](const Fault& row) {
    return context.find(row.context) != std::string_view::npos && problem.starts_with(row.problem);
  });
  const bool known = fault != faults.end();
  const yaml_mark_t& mark = known && fault->at_context ? parser.context_mark : parser.problem_mark;
  const std::uint32_t at = source.offset(mark.index);
  if (known && fault->at_context) return {std::string(fault->message), data.place(at, at)};
  return problem_at(data, message_at(data.text, at, context, known ? fault->message : problem), at);
}

/// libyaml's parser over one text.
class Parser {
 public:
  explicit Parser(std::string_view text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { yaml_parser_delete(&parser_); }

  /// False when the text cannot be read on.
  bool next(Event& event) { return yaml_parser_parse(&parser_, &event.event) == 1; }
  const yaml_parser_t& state() const { return parser_; }

 private:
  yaml_parser_t parser_{};
};

std::optional<SyntaxProblem> read_events(DocumentData& data, const YamlSource& source) {
  Parser parser(source.scanned());
  TreeBuilder builder(data, source);
  for (;;) {
    Event event;
    if (!parser.next(event)) return fault_of(parser.state(), data, source);
    if (event.event.type == YAML_STREAM_END_EVENT) return std::nullopt;
    builder.take(event.event);
  }
}

}  // namespace

std::optional<SyntaxProblem> read_nodes(DocumentData& data) {
  const std::string_view text = std::string_view(data.text).substr(data.content);
  if (!data.is_ascii()) {
    if (const auto bad = invalid_utf8(data.text))
      return SyntaxProblem{"this byte is not UTF-8", data.place(*bad, *bad)};
    if (text.starts_with("\xEF\xBB\xBF"))
      return SyntaxProblem{"a second byte order mark cannot stand here",
                           data.place(data.content, data.content)};
  }
  const YamlSource source(data.text, data.content, data.is_ascii());
  if (const auto at = source.refused())
    return SyntaxProblem{"a control character cannot stand in YAML", data.place(*at, *at)};
  try {
    if (auto problem = read_events(data, source)) return problem;
  } catch (const Stop& stop) {
    return SyntaxProblem{stop.message, data.place(stop.at, stop.at)};
  } catch (const std::exception& error) {
    return SyntaxProblem{std::string("the YAML reader gave up: ") + error.what(), Place()};
  }
  if (data.nodes.empty()) data.nodes.emplace_back();
  return std::nullopt;
}

}  // namespace refgate::lint
