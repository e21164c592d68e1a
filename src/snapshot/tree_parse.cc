#include <simdjson.h>

#include "base/text.h"
#include "snapshot/go_text.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

namespace ondemand = simdjson::ondemand;

Error wrong(std::string_view what) {
  return error(Code::Corrupt, "tree: {}", what);
}

bool is_null(ondemand::value& value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

Result<std::string_view> text_of(ondemand::value& value, std::string_view key) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) {
    return wrong(fmt::format("{} is no text", key));
  }
  return text;
}

template <typename Number>
Result<Number> number_of(ondemand::value& value, std::string_view key) {
  std::uint64_t number = 0;
  if (value.get_uint64().get(number) != simdjson::SUCCESS ||
      number > std::numeric_limits<Number>::max()) {
    return wrong(fmt::format("{} is no number in range", key));
  }
  return static_cast<Number>(number);
}

Result<FileTime> time_of(ondemand::value& value, std::string_view key) {
  const std::string_view text = TRY(text_of(value, key));
  Result<FileTime> time = parse_rfc3339(text);
  if (!time.ok()) return wrong(fmt::format("{}: {}", key, time.error().message()));
  return time;
}

Result<BlobId> id_of(ondemand::value& value, std::string_view key) {
  const std::string_view text = TRY(text_of(value, key));
  Result<BlobId> id = BlobId::parse(text);
  if (!id.ok()) return wrong(fmt::format("{}: {}", key, id.error().message()));
  return id;
}

Result<Bytes> base64_of(ondemand::value& value, std::string_view key) {
  const std::string_view text = TRY(text_of(value, key));
  Result<Bytes> bytes = from_base64(text);
  if (!bytes.ok()) return wrong(fmt::format("{}: {}", key, bytes.error().message()));
  return bytes;
}

Result<std::vector<BlobId>> ids_of(ondemand::value& value) {
  ondemand::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) return wrong("content is no list");
  std::vector<BlobId> ids;
  for (auto element : list) {
    ondemand::value item;
    if (element.get(item) != simdjson::SUCCESS) return wrong("broken JSON in content");
    const BlobId id = TRY(id_of(item, "content"));
    ids.push_back(id);
  }
  return ids;
}

Result<ExtendedAttribute> attribute_of(ondemand::object& object) {
  ExtendedAttribute attribute;
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS) {
      return wrong("broken JSON in an extended attribute");
    }
    if (key == "name") {
      attribute.name = TRY(text_of(value, "an extended attribute's name"));
    } else if (key == "value" && !is_null(value)) {
      attribute.value = TRY(base64_of(value, "an extended attribute's value"));
    }
  }
  return attribute;
}

Result<std::vector<ExtendedAttribute>> attributes_of(ondemand::value& value) {
  std::vector<ExtendedAttribute> attributes;
  ondemand::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) {
    return wrong("extended_attributes is no list");
  }
  for (auto element : list) {
    ondemand::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) {
      return wrong("an extended attribute is no object");
    }
    ExtendedAttribute attribute = TRY(attribute_of(object));
    attributes.push_back(std::move(attribute));
  }
  return attributes;
}

Result<std::vector<std::pair<std::string, std::string>>> generic_of(ondemand::value& value) {
  std::vector<std::pair<std::string, std::string>> attributes;
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) {
    return wrong("generic_attributes is no object");
  }
  for (auto field : object) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return wrong("broken JSON");
    std::string owned_key(key);
    ondemand::value item;
    std::string_view raw;
    if (field.value().get(item) != simdjson::SUCCESS ||
        simdjson::to_json_string(item).get(raw) != simdjson::SUCCESS) {
      return wrong("broken JSON in generic_attributes");
    }
    while (!raw.empty() && (raw.back() == ' ' || raw.back() == '\n')) raw.remove_suffix(1);
    attributes.emplace_back(std::move(owned_key), std::string(raw));
  }
  return attributes;
}

// Numbers and times. False: not one of these fields.
Result<bool> set_plain_field(Node& node, std::string_view key, ondemand::value& value) {
  if (key == "mode")
    node.mode = TRY(number_of<std::uint32_t>(value, key));
  else if (key == "mtime")
    node.modified = TRY(time_of(value, key));
  else if (key == "atime")
    node.accessed = TRY(time_of(value, key));
  else if (key == "ctime")
    node.changed = TRY(time_of(value, key));
  else if (key == "uid")
    node.uid = TRY(number_of<std::uint32_t>(value, key));
  else if (key == "gid")
    node.gid = TRY(number_of<std::uint32_t>(value, key));
  else if (key == "inode")
    node.inode = TRY(number_of<std::uint64_t>(value, key));
  else if (key == "device_id")
    node.device_id = TRY(number_of<std::uint64_t>(value, key));
  else if (key == "size")
    node.size = TRY(number_of<std::uint64_t>(value, key));
  else if (key == "links")
    node.links = TRY(number_of<std::uint64_t>(value, key));
  else if (key == "device")
    node.device = TRY(number_of<std::uint64_t>(value, key));
  else
    return false;
  return true;
}

struct SeenFields {
  bool name = false;
  bool type = false;
  bool raw_link_target = false;
};

Result<void> set_field(Node& node, SeenFields& seen, std::string_view key, ondemand::value& value) {
  if (key == "content") {
    if (is_null(value)) return {};
    node.content = TRY(ids_of(value));
    return {};
  }
  if (is_null(value)) return {};  // Go leaves a field alone that is null
  const bool plain = TRY(set_plain_field(node, key, value));
  if (plain) return {};
  if (key == "name") {
    const std::string_view quoted = TRY(text_of(value, key));
    Result<std::string> decoded = unquote(quoted);
    if (!decoded.ok()) return wrong(decoded.error().message());
    node.name = std::move(decoded).value();
    seen.name = true;
  } else if (key == "type") {
    const std::string_view text = TRY(text_of(value, key));
    node.type = TRY(parse_node_type(text));
    seen.type = true;
  } else if (key == "user") {
    node.user = TRY(text_of(value, key));
  } else if (key == "group") {
    node.group = TRY(text_of(value, key));
  } else if (key == "linktarget") {
    const std::string_view target = TRY(text_of(value, key));
    if (!seen.raw_link_target) node.link_target = target;
  } else if (key == "linktarget_raw") {
    const Bytes raw = TRY(base64_of(value, key));
    node.link_target = to_text(raw);
    seen.raw_link_target = true;
  } else if (key == "extended_attributes") {
    node.extended_attributes = TRY(attributes_of(value));
  } else if (key == "generic_attributes") {
    node.generic_attributes = TRY(generic_of(value));
  } else if (key == "subtree") {
    node.subtree = TRY(id_of(value, key));
  } else if (key == "error") {
    node.problem = TRY(text_of(value, key));
  }
  return {};
}

Result<Node> parse_node(ondemand::object& object) {
  Node node;
  SeenFields seen;
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS) {
      return wrong("broken JSON in a node");
    }
    TRY(set_field(node, seen, key, value));
  }
  if (!seen.name) return wrong("a node without name");
  if (!seen.type) return wrong("a node without type");
  return node;
}

}  // namespace

Result<Tree> parse_tree(Bytes json) {
  const std::size_t size = json.size();
  json.resize(size + simdjson::SIMDJSON_PADDING);
  std::memset(json.data() + size, 0, simdjson::SIMDJSON_PADDING);
  thread_local ondemand::parser parser;
  ondemand::document document;
  const char* const text = reinterpret_cast<const char*>(json.data());
  ondemand::object root;
  if (parser.iterate(text, size, json.size()).get(document) != simdjson::SUCCESS ||
      document.get_object().get(root) != simdjson::SUCCESS) {
    return wrong("not a JSON object");
  }
  Tree tree;
  bool has_nodes = false;
  for (auto field : root) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS) {
      return wrong("broken JSON");
    }
    if (key != "nodes") continue;
    has_nodes = true;
    ondemand::array nodes;
    if (value.get_array().get(nodes) != simdjson::SUCCESS) return wrong("nodes is no list");
    for (auto element : nodes) {
      ondemand::object object;
      if (element.get_object().get(object) != simdjson::SUCCESS) {
        return wrong("a node is no object");
      }
      Node node = TRY(parse_node(object));
      tree.nodes.push_back(std::move(node));
    }
  }
  if (!has_nodes) return wrong("no list of nodes");
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::SUCCESS) {
    return wrong("text after the JSON object");
  }
  return tree;
}

}  // namespace firebreak
