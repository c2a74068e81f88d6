// The second opinion: yaml-cpp's events to nodes. yaml-cpp tells where a node begins, anchor and
// tag included, and what it holds. Four things it does not tell are worked out here: where the node
// itself begins, where it ends, what is merely absent, and what aliases amount to.
//
// Absent or written? `key:` and `key: null` both come as OnNull, and the mark of an absent value is
// that of whatever token follows, which may be the next key, which may be `null`. So a null counts
// as written when such a word stands at its mark and could belong there by its line or indentation.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <utility>

#include "lint/text/yaml_text.h"
#include "yaml_cpp_reader.h"

namespace refgate::lint {
namespace {

std::uint32_t size_of(std::string_view text) { return static_cast<std::uint32_t>(text.size()); }

std::uint32_t line_end(std::string_view text, std::uint32_t at) {
  const std::size_t found = text.find('\n', at);
  return found == std::string_view::npos ? size_of(text) : static_cast<std::uint32_t>(found);
}

std::optional<std::uint32_t> quoted_end(std::string_view text, std::uint32_t at) {
  const char quote = at < text.size() ? text[at] : '"';
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '\'' && at + 1 < text.size() && text[at + 1] == '\'') {
        ++at;
      } else {
        return at + 1;
      }
    }
  }
  return std::nullopt;
}

std::uint32_t plain_end(std::string_view text, std::uint32_t at, std::string_view value) {
  if (text.substr(at, value.size()) == value) return at + size_of(value);
  // Folded over several lines: a run of blanks and breaks in the text is one space or some line
  // feeds in the value. All else stands as it is.
  std::uint32_t end = at;
  std::size_t index = 0;
  while (index < value.size() && at < text.size()) {
    std::uint32_t ahead = at;
    bool broken = false;
    while (ahead < text.size() && (is_blank(text[ahead]) || is_break(text[ahead])))
      broken = is_break(text[ahead++]) || broken;
    if (broken) {
      while (index < value.size() && (value[index] == ' ' || value[index] == '\n'))
        ++index;
      at = ahead;
    } else if (text[at] == value[index]) {
      end = ++at;
      ++index;
    } else {
      break;
    }
  }
  return end;
}

std::uint32_t column_of(std::string_view text, std::uint32_t at) {
  if (at == 0) return 0;
  const std::size_t before = text.rfind('\n', at - 1);
  return before == std::string_view::npos ? at : at - static_cast<std::uint32_t>(before) - 1;
}

std::uint32_t block_scalar_end(std::string_view text, std::uint32_t at, int parent_column) {
  std::uint32_t line = line_end(text, at);
  int indent = std::max(parent_column, 0) + 1;
  bool detect = true;
  std::uint32_t end = at;
  for (std::uint32_t scan = at; scan < line && !is_blank(text[scan]) && !is_break(text[scan]);
       ++scan) {
    end = scan + 1;
    if (text[scan] >= '1' && text[scan] <= '9') {
      indent = text[scan] - '0' + std::max(parent_column, 0);
      detect = false;
    }
  }
  while (line < text.size()) {
    const std::uint32_t begin = line + 1;
    line = line_end(text, begin);
    std::uint32_t content = begin;
    while (content < line && text[content] == ' ')
      ++content;
    std::uint32_t last = line;
    while (last > content && (is_blank(text[last - 1]) || is_break(text[last - 1])))
      --last;
    const int column = static_cast<int>(content - begin);
    if (detect) indent = std::max(indent, column);
    if (last == content) continue;
    detect = false;
    if (column < indent) break;
    end = last;
  }
  return end;
}

/// The text as a stream, without a copy.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // setg wants it; nothing writes through it
    setg(begin, begin, begin + text.size());
  }
};

constexpr std::size_t max_problems = 100;

/// Thrown through yaml-cpp to stop it.
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

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(DocumentData& data) : data_(data), text_(data.text) {
    anchors_.emplace_back();
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    const std::uint32_t at = offset(mark);
    throw Stop{text_.substr(at, 3) == "---"
                   ? "a second document begins here; GitHub reads one document a file"
                   : "this does not belong to what stands above it",
               at};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    NodeRecord record = started(mark, YamlKind::null);
    const std::uint32_t length = null_word(record.begin);
    if (length != 0 && belongs_here(record.outer) && belongs_here(record.begin)) {
      record.style = Style::plain;
      record.end = record.begin + length;
    } else {
      make_empty(record, anchor != 0);
    }
    add(record, anchor);
    cursor_ = std::max(cursor_, record.end);
    close_leaf(anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    NodeRecord record = started(mark, YamlKind::null);
    record.alias = true;
    record.style = Style::plain;
    if (record.begin < text_.size() && text_[record.begin] == '*') record.name = record.begin + 1;
    record.end = anchor_end(text_, record.begin);
    const Expansion& target = anchors_.at(anchor);
    if (!target.closed) throw Stop{"this alias stands inside of what it repeats", record.begin};
    record.target = target.node;
    record.kind = data_.nodes[target.node].kind;
    grow(target.nodes, target.height, record.begin);
    add(record, 0);
    cursor_ = record.end;
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    NodeRecord record = started(mark, YamlKind::scalar);
    const char first = record.begin < text_.size() ? text_[record.begin] : '\0';
    // After a tag with nothing behind it, what stands here may be the next key.
    const bool plain = std::string_view("\"'|>").find(first) == std::string_view::npos ||
                       (value.empty() && !belongs_here(record.begin));
    if (plain && value.empty()) {
      // A tag and nothing after it.
      record.string_tag = true;
      make_empty(record, true);
      record.style = Style::plain;
    } else if (plain) {
      record.style = Style::plain;
      record.string_tag = tag != "?";
      record.end = plain_end(text_, record.begin, value);
    } else if (first == '|' || first == '>') {
      record.style = first == '|' ? Style::literal : Style::folded;
      record.end = block_scalar_end(text_, record.begin, block_column());
    } else {
      record.style = first == '"' ? Style::double_quoted : Style::single_quoted;
      // yaml-cpp takes the end of the file for the missing quote.
      const auto end = quoted_end(text_, record.begin);
      if (!end) throw Stop{"this quoted text is never closed", record.begin};
      record.end = *end;
    }
    record.value = keep(record, value);
    if (plain && value == "<<" && at_key() && data_.problems.size() < max_problems) {
      data_.problems.push_back(
          {"GitHub reads anchors and aliases, but no merge keys (`<<`): write the entries out",
           data_.place(record.begin, record.end)});
    }
    add(record, anchor);
    cursor_ = std::max(cursor_, record.end);
    close_leaf(anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, YamlKind::sequence, tag != "?", anchor, style == YAML::EmitterStyle::Flow);
  }
  void OnSequenceEnd() override { close(']'); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, YamlKind::mapping, tag != "?", anchor, style == YAML::EmitterStyle::Flow);
  }
  void OnMapEnd() override { close('}'); }

 private:
  struct Frame {
    std::uint32_t node;
    std::uint32_t last_child;
    YAML::anchor_t anchor;
    std::size_t nodes = 1;
    int height = 1;
    int column = 0;
    bool flow = false;
  };

  std::uint32_t offset(const YAML::Mark& mark) const {
    const auto at = static_cast<std::uint32_t>(std::max(mark.pos, 0)) + data_.content;
    return std::min(at, static_cast<std::uint32_t>(text_.size()));
  }

  NodeRecord started(const YAML::Mark& mark, YamlKind kind) const {
    NodeRecord record;
    record.kind = kind;
    record.outer = offset(mark);
    const Properties properties = skip_properties(text_, record.outer);
    if (properties.strange_tag) throw Stop{"GitHub does not know this tag", record.outer};
    record.begin = properties.content;
    // Whatever strange tag makes yaml-cpp and yaml_text.cpp disagree, nodes stand in order and
    // children inside of their parents.
    record.begin = record.end = std::max(record.begin, cursor_);
    if (record.begin > 0 && text_[record.begin - 1] == '\t' &&
        (frames_.empty() || !frames_.back().flow))
      refuse_tab(record.begin);
    return record;
  }

  int column_at(std::uint32_t at) const {
    const std::uint32_t column = column_of(text_, at);
    return static_cast<int>(column == at ? at - std::min(at, data_.content) : column);
  }

  bool at_key() const {
    if (frames_.empty()) return false;
    const NodeRecord& parent = data_.nodes[frames_.back().node];
    return parent.kind == YamlKind::mapping && parent.children % 2 == 0;
  }

  /// Whether what stands at `at` can be the child that is due in the open collection, and not what
  /// follows the collection or the entry.
  bool belongs_here(std::uint32_t at) const {
    if (at < cursor_) return false;  // the mark of a key token, which was read already
    if (frames_.empty() || frames_.back().flow || at_key()) return true;
    const std::string_view between = text_.substr(cursor_, at - cursor_);
    return std::none_of(between.begin(), between.end(), is_break) ||
           column_at(at) > frames_.back().column;
  }

  /// Tabs before a node at the start of a line. yaml-cpp lets some pass that YAML does not.
  void refuse_tab(std::uint32_t at) const {
    std::uint32_t first = at;
    while (first > data_.content && is_blank(text_[first - 1]))
      --first;
    if (first == data_.content || is_break(text_[first - 1]))
      throw Stop{"a tab cannot indent; YAML wants spaces", first};
  }

  std::uint32_t null_word(std::uint32_t at) const {
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      const auto end = at + static_cast<std::uint32_t>(word.size());
      if (text_.substr(at, word.size()) != word) continue;
      if (end >= text_.size() || is_blank(text_[end]) || is_break(text_[end]) ||
          std::string_view(",]}:").find(text_[end]) != std::string_view::npos) {
        return end - at;
      }
    }
    return 0;
  }

  /// Puts an absent node where it would be written: after its anchor or tag, or after the `:` or
  /// `-` that announces it.
  void make_empty(NodeRecord& record, bool has_properties) {
    record.style = Style::empty;
    std::uint32_t at = cursor_;
    if (has_properties) {
      at = std::max(cursor_, skip_properties(text_, record.outer).end);
    } else {
      if (!frames_.empty() && !at_key()) {
        const bool mapping = data_.nodes[frames_.back().node].kind == YamlKind::mapping;
        if (mapping || !frames_.back().flow)
          at = past_indicator(text_, cursor_, mapping ? ':' : '-');
        // The mark is that of the token after this node. An indicator behind it belongs to
        // something else.
        if (record.outer >= cursor_ && at > record.outer) at = cursor_;
      }
      record.outer = at;
    }
    record.begin = record.end = at;
    cursor_ = std::max(cursor_, at);
  }

  std::string_view keep(const NodeRecord& record, const std::string& value) {
    const std::uint32_t quote =
        record.style == Style::single_quoted || record.style == Style::double_quoted ? 1 : 0;
    const std::string_view written = text_.substr(record.begin + quote, value.size());
    if (written == value) return written;
    return data_.values.emplace_back(value);
  }

  int block_column() const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
      if (!frame->flow) return frame->column;
    }
    return -1;
  }

  void add(NodeRecord& record, YAML::anchor_t anchor) {
    record.end = std::max(record.end, record.begin);
    if (anchor != 0) {
      // The anchor may stand before or after the tag.
      std::uint32_t at = record.outer;
      if (at < text_.size() && text_[at] == '!') at = skip_to_content(text_, anchor_end(text_, at));
      if (at < text_.size() && text_[at] == '&') record.name = at + 1;
      if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
      anchors_[anchor] = {static_cast<std::uint32_t>(data_.nodes.size())};
    }
    const auto index = static_cast<std::uint32_t>(data_.nodes.size());
    data_.nodes.push_back(record);
    if (frames_.empty()) return;
    Frame& frame = frames_.back();
    NodeRecord& parent = data_.nodes[frame.node];
    (parent.children++ == 0 ? parent.child : data_.nodes[frame.last_child].next) = index;
    frame.last_child = index;
    if (!record.alias) grow(1, 1, record.begin);
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
    if (static_cast<int>(frames_.size()) + height > max_document_depth) {
      throw Stop{
          "the file is nested more than " + std::to_string(max_document_depth) + " levels deep",
          at};
    }
  }

  void close_leaf(YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor].closed = true;
  }

  void open(const YAML::Mark& mark, YamlKind kind, bool has_tag, YAML::anchor_t anchor, bool flow) {
    NodeRecord record = started(mark, kind);
    // What stands before the first key on its line belongs to the key: a block mapping's own
    // properties stand on a line above.
    if (anchor == 0 && !has_tag) record.begin = record.end = std::max(record.outer, cursor_);
    record.style = flow ? Style::flow : Style::block;
    add(record, anchor);
    // Columns matter in block style only; a line of flow style can be long, and is not measured
    // again for each of its nodes.
    frames_.push_back({static_cast<std::uint32_t>(data_.nodes.size() - 1), 0, anchor, 1, 1,
                       flow ? 0 : column_at(record.begin), flow});
    const bool bracket = flow && record.begin < text_.size() &&
                         (text_[record.begin] == '[' || text_[record.begin] == '{');
    cursor_ = std::max(cursor_, record.begin + (bracket ? 1 : 0));
  }

  void close(char bracket) {
    const Frame frame = frames_.back();
    frames_.pop_back();
    NodeRecord& record = data_.nodes[frame.node];
    const char first = record.begin < text_.size() ? text_[record.begin] : '\0';
    // `[a: b]` holds a mapping that has no brackets of its own, and begins where its first key
    // begins.
    const bool own = record.style == Style::flow && (first == '[' || first == '{') &&
                     (record.children == 0 || data_.nodes[record.child].outer != record.begin);
    if (own) {
      std::uint32_t at = skip_to_content(text_, cursor_);
      while (at < text_.size() && text_[at] == ',')
        at = skip_to_content(text_, at + 1);
      record.end = at < text_.size() && text_[at] == bracket ? at + 1 : cursor_;
    } else {
      record.end = std::max(cursor_, record.begin);
    }
    cursor_ = record.end;
    if (frame.anchor != 0) anchors_[frame.anchor] = {frame.node, frame.nodes, frame.height, true};
    // The node itself was counted when it was added.
    if (!frames_.empty()) grow(frame.nodes - 1, frame.height, record.begin);
  }

  DocumentData& data_;
  std::string_view text_;
  std::vector<Frame> frames_;
  std::vector<Expansion> anchors_;
  std::uint32_t cursor_ = 0;  ///< the end of what was read last
  int documents_ = 0;
};

}  // namespace

std::optional<SyntaxProblem> read_by_yaml_cpp(DocumentData& data) {
  const std::string_view text = std::string_view(data.text).substr(data.content);
  if (const auto bad = invalid_utf8(data.text))
    return SyntaxProblem{"this byte is not UTF-8", data.place(*bad, *bad)};
  // yaml-cpp would take a second one off too, and all of its offsets would then be those of another
  // text.
  if (text.starts_with("\xEF\xBB\xBF"))
    return SyntaxProblem{"a second byte order mark cannot stand here",
                         data.place(data.content, data.content)};
  // yaml-cpp takes U+0004 for the end of the file, and a NUL for a sign of UTF-16.
  const std::size_t control = text.find_first_of(std::string_view("\0\x04", 2));
  if (control != std::string_view::npos) {
    const auto at = static_cast<std::uint32_t>(control) + data.content;
    return SyntaxProblem{"a control character cannot stand in YAML", data.place(at, at)};
  }
  TextBuffer buffer(text);
  std::istream stream(&buffer);
  TreeBuilder builder(data);
  YAML::Parser parser;
  try {
    parser.Load(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    return SyntaxProblem{stop.message, data.place(stop.at, stop.at)};
  } catch (const YAML::Exception& error) {
    const auto at = error.mark.is_null() ? std::uint32_t{0}
                                         : static_cast<std::uint32_t>(std::max(error.mark.pos, 0));
    return SyntaxProblem{error.msg, data.place(at + data.content, at + data.content)};
  } catch (const std::exception& error) {
    return SyntaxProblem{std::string("the YAML reader gave up: ") + error.what(), Place()};
  }
  if (data.nodes.empty()) data.nodes.emplace_back();
  return std::nullopt;
}

}  // namespace refgate::lint
