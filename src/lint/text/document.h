#pragma once
// YAML text to a compact tree that knows where everything stands, and that keeps what other readers
// drop: duplicate keys, anchors and aliases, quoting style, and comments that carry an ignore.
//
// What GitHub makes of YAML ("About YAML syntax for workflows", and the behaviour of the official
// workflow parser): scalars follow YAML 1.2's core schema, so `on` is a key and `yes` a string;
// anchors and aliases are read since September 2025, merge keys (`<<`) are not; one document a
// file.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace refgate::lint {

/// A span of a file. Lines and columns count from 1, columns in Unicode code points; `end` is one
/// past the last character. `begin` and `end` are the same span in bytes of the text as given.
struct Place {
  std::uint32_t line = 1, column = 1, end_line = 1, end_column = 1;
  std::uint32_t begin = 0, end = 0;

  bool operator==(const Place&) const = default;
};

enum class YamlKind : std::uint8_t { absent, null, scalar, sequence, mapping };

/// How a node is written. `empty`: nothing is written at all (`key:`).
enum class Style : std::uint8_t {
  empty,
  plain,
  single_quoted,
  double_quoted,
  literal,
  folded,
  block,
  flow
};

/// What a scalar is by the core schema. Quoted and block scalars are strings.
enum class ScalarType : std::uint8_t { null, boolean, number, string };

class Document;
struct DocumentData;
struct Entry;
template <class Item>
class Range;
using Items = Range<class YamlNode>;
using Entries = Range<Entry>;

/// A handle to one node of a document; cheap to copy, valid as long as the document lives. The
/// default one is absent: it is false, has no children and no text, and every question about it is
/// answered, so that wrong shapes need no special case.
///
/// Questions about content follow aliases; questions about writing (`place`, `style`, `is_alias`)
/// do not. The reader refuses aliases that contain themselves and documents that aliases blow up,
/// so a walk that follows them ends.
class YamlNode {
 public:
  YamlNode() = default;
  explicit operator bool() const { return data_ != nullptr; }

  YamlKind kind() const;
  bool is_null() const { return kind() == YamlKind::null; }
  bool is_scalar() const { return kind() == YamlKind::scalar; }
  bool is_sequence() const { return kind() == YamlKind::sequence; }
  bool is_mapping() const { return kind() == YamlKind::mapping; }

  /// A scalar's value, unescaped and folded; empty for everything else.
  std::string_view text() const;
  ScalarType type() const;
  /// The value of a scalar that says so by the core schema and holds no `${{ }}`; nullopt for
  /// everything else.
  std::optional<bool> boolean() const;
  std::optional<double> number() const;
  /// The text of a scalar of any type that holds no `${{`; nullopt for everything else.
  std::optional<std::string_view> literal() const;
  /// True for a scalar that holds `${{`: its value is not known before the run.
  bool has_expression() const;

  /// Number of items of a sequence or entries of a mapping; 0 for everything else.
  std::size_t size() const;
  /// Items of a sequence in order; none for everything else.
  Items items() const;
  /// Entries of a mapping in order, duplicates included; none for everything else.
  Entries entries() const;
  /// The first entry with this key, compared exactly; an absent one when there is none.
  Entry entry(std::string_view key) const;
  /// The value of that entry.
  YamlNode operator[](std::string_view key) const;

  Style style() const;
  bool is_alias() const;
  /// The name after `&` or `*`, or empty.
  std::string_view anchor() const;
  /// The anchored node of an alias; the node itself otherwise.
  YamlNode target() const;

  /// The node as it is written, without anchor and tag, without the line break after it. The value
  /// of `key:` is the empty span after the colon.
  Place place() const;
  /// The text of that span.
  std::string_view source() const;
  /// Where its anchor and tag begin; its own begin when it has neither.
  std::uint32_t outer_begin() const;
  /// place().end, without the count of columns that a place takes.
  std::uint32_t end_byte() const;

  /// The same node of the same document.
  bool operator==(const YamlNode& other) const {
    return data_ == other.data_ && index_ == other.index_;
  }

 private:
  friend class Document;
  YamlNode(const DocumentData* data, std::uint32_t index) : data_(data), index_(index) {}
  template <class Item>
  friend class Range;

  const DocumentData* data_ = nullptr;
  std::uint32_t index_ = 0;
};

/// One `key: value`. False when absent; a key with nothing after it is present and has a null
/// value.
struct Entry {
  YamlNode key;
  YamlNode value;

  explicit operator bool() const { return static_cast<bool>(key); }
};

/// The children of a node, for range-for.
template <class Item>
class Range {
 public:
  class iterator {
   public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const Item*;
    using reference = Item;

    iterator() = default;
    Item operator*() const;
    iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(const iterator& other) const { return index_ == other.index_; }

   private:
    friend class Range;
    const DocumentData* data_ = nullptr;
    std::uint32_t index_ = 0;
  };

  iterator begin() const;
  iterator end() const { return {}; }
  bool empty() const { return begin() == end(); }

 private:
  friend class YamlNode;
  const DocumentData* data_ = nullptr;
  std::uint32_t first_ = 0;
};

/// `# refgate: ignore[rule, rule] reason`. `rules` is empty when a comment begins like that and
/// does not go on so.
struct IgnoreComment {
  struct Name {
    std::string rule;
    Place place;
  };
  std::vector<Name> rules;
  std::string reason;
  Place place;            ///< from the `#` to the end of the line
  bool own_line = false;  ///< nothing but blanks before it
};

/// Why a text is no document that GitHub would read. One sentence for people.
struct SyntaxProblem {
  std::string message;
  Place place;
};

/// A text with its tree. Movable; handles stay valid when it is moved.
class Document {
 public:
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  /// The top node; null for an empty file.
  YamlNode root() const;
  /// The text as given, byte for byte.
  std::string_view text() const;
  /// In order of their place.
  const std::vector<IgnoreComment>& ignores() const;
  /// What GitHub does not read but does not keep us from reading the rest: merge keys. At most 100.
  const std::vector<SyntaxProblem>& problems() const;

  Place place(std::uint32_t begin, std::uint32_t end) const;
  std::uint32_t line_count() const;
  /// A line without its line break. Lines count from 1; empty when there is none of that number.
  std::string_view line(std::uint32_t number) const;
  /// The byte offset at which a line begins; the size of the text after the last one.
  std::uint32_t line_start(std::uint32_t number) const;

 private:
  friend std::variant<Document, SyntaxProblem> read_document(std::string text);
  explicit Document(std::unique_ptr<DocumentData> data);
  std::unique_ptr<DocumentData> data_;
};

inline constexpr std::size_t max_document_bytes = 4u << 20;
inline constexpr int max_document_depth = 100;
/// Nodes of a document with every alias written out.
inline constexpr std::size_t max_expanded_nodes = 1'000'000;

/// Reads one document. Never throws on any text; what is too big, too deep, not UTF-8, not YAML,
/// more than one document, or blown up by aliases gives one problem, at the place where reading
/// stopped.
std::variant<Document, SyntaxProblem> read_document(std::string text);

}  // namespace refgate::lint
