#include "snapshot/tree.h"

#include <algorithm>

#include "base/text.h"
#include "snapshot/go_text.h"

namespace firebreak {
namespace {

// Writes `,"key":` and then the value; fields that are zero or empty are left out as Go's
// omitempty does.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& json) : json_(json) {}

  void number(std::string_view key, std::uint64_t value) {
    begin(key);
    fmt::format_to(std::back_inserter(json_), "{}", value);
  }
  void number_unless_zero(std::string_view key, std::uint64_t value) {
    if (value != 0) number(key, value);
  }
  void text_unless_empty(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    begin(key);
    append_json_string(json_, value);
  }
  void time(std::string_view key, FileTime value) {
    begin(key);
    json_ += '"';
    json_ += format_rfc3339(value);
    json_ += '"';
  }
  void id(std::string_view key, const BlobId& value) {
    begin(key);
    json_ += '"';
    json_ += value.hex();
    json_ += '"';
  }
  void begin(std::string_view key) {
    json_ += ",\"";
    json_ += key;
    json_ += "\":";
  }

 private:
  std::string& json_;
};

void append_attributes(std::string& json, const Node& node) {
  FieldWriter write(json);
  if (!node.extended_attributes.empty()) {
    write.begin("extended_attributes");
    json += '[';
    for (const ExtendedAttribute& attribute : node.extended_attributes) {
      if (json.back() != '[') json += ',';
      json += "{\"name\":";
      append_json_string(json, attribute.name);
      json += ",\"value\":\"";
      json += to_base64(attribute.value);
      json += "\"}";
    }
    json += ']';
  }
  if (!node.generic_attributes.empty()) {
    write.begin("generic_attributes");
    json += '{';
    for (const auto& [key, value] : node.generic_attributes) {
      if (json.back() != '{') json += ',';
      append_json_string(json, key);
      json += ':';
      json += value;
    }
    json += '}';
  }
}

void append_content(std::string& json, const Node& node) {
  json += ",\"content\":";
  if (!node.content) {
    json += "null";
    return;
  }
  json += '[';
  for (const BlobId& blob : *node.content) {
    if (json.back() != '[') json += ',';
    json += '"';
    json += blob.hex();
    json += '"';
  }
  json += ']';
}

void append_node(std::string& json, const Node& node) {
  FieldWriter write(json);
  json += "{\"name\":";
  std::string quoted;
  append_quoted(quoted, node.name);
  append_json_string(json, quoted);
  json += ",\"type\":\"";
  json += name(node.type);
  json += '"';
  write.number_unless_zero("mode", node.mode);
  write.time("mtime", node.modified);
  write.time("atime", node.accessed);
  write.time("ctime", node.changed);
  write.number("uid", node.uid);
  write.number("gid", node.gid);
  write.text_unless_empty("user", node.user);
  write.text_unless_empty("group", node.group);
  write.number_unless_zero("inode", node.inode);
  write.number_unless_zero("device_id", node.device_id);
  write.number_unless_zero("size", node.size);
  write.number_unless_zero("links", node.links);
  write.text_unless_empty("linktarget", node.link_target);
  if (!is_valid_utf8(node.link_target)) {
    write.begin("linktarget_raw");
    json += '"' + to_base64(as_bytes(node.link_target)) + '"';
  }
  append_attributes(json, node);
  write.number_unless_zero("device", node.device);
  append_content(json, node);
  if (node.subtree) write.id("subtree", *node.subtree);
  write.text_unless_empty("error", node.problem);
  json += '}';
}

}  // namespace

const Node* Tree::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      nodes, name, {}, [](const Node& node) { return std::string_view(node.name); });
  return found != nodes.end() && found->name == name ? &*found : nullptr;
}

Result<void> TreeEncoder::add(const Node& node) {
  if (node.name <= last_name_) {
    return error(Code::Invalid, "\"{}\" does not come after \"{}\" in its folder",
                 printable(node.name), printable(last_name_));
  }
  if (!empty_) json_ += ',';
  empty_ = false;
  last_name_ = node.name;
  append_node(json_, node);
  return {};
}

std::string TreeEncoder::finish() {
  json_ += "]}\n";
  return std::move(json_);
}

Result<std::string> encode_tree(const Tree& tree) {
  TreeEncoder encoder;
  for (const Node& node : tree.nodes) TRY(encoder.add(node));
  return encoder.finish();
}

std::string tree_problem(const Tree& tree) {
  const Node* before = nullptr;
  for (const Node& node : tree.nodes) {
    const std::string shown = printable(node.name);
    if (!is_safe_name(node.name)) return fmt::format("unsafe name \"{}\"", shown);
    if (before != nullptr && node.name <= before->name) {
      return fmt::format("\"{}\" is out of order", shown);
    }
    if (node.type == NodeType::Irregular) return fmt::format("\"{}\" is irregular", shown);
    if (node.type == NodeType::File && !node.content) {
      return fmt::format("file \"{}\" has no content", shown);
    }
    if (node.type == NodeType::Dir && (!node.subtree || node.subtree->is_null())) {
      return fmt::format("folder \"{}\" has no subtree", shown);
    }
    before = &node;
  }
  return {};
}

}  // namespace firebreak
