// Trees as an enemy with the keys may write them.
#include <fstream>

#include "hostile/hostile.h"
#include "snapshot/tree.h"

namespace firebreak {
namespace {

class HostileTrees : public HostileTest {};

const std::vector<std::string>& hostile_names() {
  static const std::vector<std::string> names = {".",
                                                 "..",
                                                 "/",
                                                 "//",
                                                 "../canary",
                                                 "../canary/file",
                                                 "a/b",
                                                 "a/../../canary/file",
                                                 "/etc/firebreak-hostile",
                                                 "..\\canary",
                                                 std::string("file\0x", 6),
                                                 std::string(1, '\0'),
                                                 "\x1b[2J\x1b]0;owned\x07",
                                                 "line\nbreak\rback",
                                                 "\x7f\x08\x08",
                                                 "\xff\xfe",
                                                 "\xc3",
                                                 "\xe2\x80\xae"
                                                 "exe.txt",
                                                 std::string(255, 'n'),
                                                 std::string(256, 'n'),
                                                 std::string(65'536, 'n'),
                                                 std::string(65'536, '\x1b'),
                                                 "canary",
                                                 "CON",
                                                 "-rf",
                                                 "~",
                                                 "$(id)"};
  return names;
}

TEST_F(HostileTrees, NamesOfEveryKind) {
  const BlobId data = save(BlobType::Data, "hostile");
  const BlobId inner = save_tree({file_named("file", {data}, 7), link_named("link", canary())});
  for (const std::string& name : hostile_names()) {
    SCOPED_TRACE(printable(name.substr(0, 40)));
    std::vector<Node> nodes = {file_named(name, {data}, 7), folder_named(name, inner),
                               link_named(name, canary())};
    for (const NodeType type : {NodeType::Fifo, NodeType::Socket, NodeType::CharDevice}) {
      Node other = link_named(name, "");
      other.type = type;
      other.mode = go_mode(S_IFIFO | 0666);
      other.device = 0x103;
      nodes.push_back(other);
    }
    Node linked = file_named(name, {data}, 7);
    linked.links = 2;
    linked.inode = 1;
    nodes.push_back(linked);
    for (const Node& node : nodes) {
      Node first = linked;  // what a hard link would be made to
      first.name = "first";
      exercise(save_tree({first, node}));
    }
  }
  std::printf("%zu cells so far\n", cells);
}

TEST_F(HostileTrees, DoorsAndWhatGoesThroughThem) {
  const BlobId data = save(BlobType::Data, "hostile");
  const BlobId through =
      save_tree({file_named("file", {data}, 7), folder_named("inside", save_tree({}))});
  for (const std::string& leads :
       {canary(), std::string("../canary"), std::string("/"), std::string("."), std::string(".."),
        std::string(4095, 'x'), std::string(70'000, 'x'), std::string("a\0b", 3), std::string(),
        std::string("\x1b[31m")}) {
    // The link first, and the folder first.
    exercise(save_tree({link_named("door", leads), folder_named("door", through)}));
    exercise(save_tree({folder_named("door", through), link_named("door", leads)}));
    // A file in place of the link, and a link in place of a file.
    exercise(save_tree({link_named("door", leads), file_named("door", {data}, 7)}));
    Node first = file_named("door", {data}, 7);
    first.links = 2;
    Node second = first;
    second.name = "second";
    exercise(save_tree({first, link_named("door", leads), second}));
  }
  std::printf("%zu cells so far\n", cells);
}

TEST_F(HostileTrees, NodesThatLie) {
  const BlobId data = save(BlobType::Data, "hostile");
  const BlobId lost = BlobId::from(Bytes(32, std::byte{7}));
  const Node honest = file_named("f", {data}, 7);
  std::vector<Node> nodes;
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{1} << 40U, std::uint64_t{1} << 63U, UINT64_MAX}) {
    nodes.push_back(honest);
    nodes.back().size = size;
  }
  for (const std::uint32_t mode : {0U, UINT32_MAX, 0U | (1U << 23U) | 0777U}) {  // setuid, as Go
    nodes.push_back(honest);
    nodes.back().mode = mode;
  }
  nodes.push_back(honest);
  nodes.back().uid = nodes.back().gid = UINT32_MAX;
  nodes.push_back(honest);
  nodes.back().content.reset();
  nodes.push_back(file_named("f", {lost}, 7));
  nodes.push_back(file_named("f", std::vector<BlobId>(10'000, data), 70'000));
  nodes.push_back(folder_named("d", lost));
  nodes.push_back(folder_named("d", data));  // data in place of a tree
  nodes.push_back(folder_named("d", save(BlobType::Tree, "{\"nodes\":[")));
  nodes.back().subtree = save(BlobType::Tree, "{\"nodes\":null}");
  nodes.push_back(folder_named("d", save(BlobType::Tree, std::string(100'000, '['))));
  nodes.push_back(folder_named("d", lost));
  nodes.back().subtree.reset();
  Node far = honest;
  far.modified.seconds = std::chrono::sys_seconds(std::chrono::seconds(253'402'300'799));
  far.accessed.seconds = std::chrono::sys_seconds(std::chrono::seconds(-62'135'596'800));
  nodes.push_back(far);
  for (const char* const attribute : {"user.\x1b[31m", "trusted.overlay.opaque", "security.selinux",
                                      "system.posix_acl_access", "", "nonsense", "user.\n"}) {
    nodes.push_back(honest);
    nodes.back().extended_attributes = {{attribute, to_bytes("\x1b[31m")}};
  }
  nodes.push_back(honest);
  nodes.back().extended_attributes = {{std::string(70'000, 'x'), Bytes(70'000, std::byte{1})}};
  for (const NodeType type : {NodeType::Device, NodeType::CharDevice, NodeType::Irregular}) {
    Node device = link_named("device", "");
    device.type = type;
    device.device = UINT64_MAX;
    nodes.push_back(device);
  }
  for (const Node& node : nodes) exercise(save_tree({node}));
  std::printf("%zu cells so far\n", cells);
}

// JSON that names escapes in every text that an error may quote.
TEST_F(HostileTrees, RawTrees) {
  const std::string escape = "\\u001b[31m\\n";
  for (const std::string& json :
       {std::string("{\"nodes\":[{\"name\":\"a\",\"type\":\"" + escape + "\"}]}"),
        std::string("{\"nodes\":[{\"name\":\"\\\\q" + escape + "\",\"type\":\"file\"}]}"),
        std::string("{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"mtime\":\"" + escape +
                    "\"}]}"),
        std::string("{\"nodes\":[{\"name\":\"a\",\"type\":\"file\",\"content\":[\"" + escape +
                    "\"]}]}"),
        std::string("{\"nodes\":[{\"name\":\"a\",\"type\":\"dir\",\"subtree\":\"" + escape +
                    "\"}]}"),
        std::string("{\"nodes\":[{\"name\":\"a\",\"type\":\"symlink\",\"linktarget_raw\":\"" +
                    escape + "\"}]}"),
        std::string("{\"" + escape + "\":" + std::string(50'000, '[') + "}"),
        std::string("\x1b[31m"), std::string("{}"), std::string("null"),
        std::string("{\"nodes\":[{\"name\":\"\",\"type\":\"file\",\"content\":[]}]}"),
        std::string("\0", 1)}) {
    const BlobId broken = save(BlobType::Tree, json);
    EXPECT_FALSE(exercise(broken).empty()) << printable(json.substr(0, 80));
    exercise(save_tree({folder_named("d", broken)}));
  }
  std::printf("%zu cells so far\n", cells);
}

// Longer paths than a kernel takes, and as many levels as would not fit if each kept its path.
TEST_F(HostileTrees, DeepTreesTakeLittleMemory) {
  struct Shape {
    std::size_t depth;
    std::size_t name_size;
    bool to_disk;  // where the kernel walks the whole way for every folder
  };
  const std::vector<Shape> shapes = {{10'000, 1, false}, {10'000, 20, false}, {2500, 1, true}};
  for (const Shape& shape : shapes) {
    BlobSaver saver(*repository_, {}, {});
    BlobId id = saver.save(BlobType::Tree, as_bytes("{\"nodes\":[]}\n")).value().id;
    for (std::size_t depth = 0; depth < shape.depth; ++depth) {
      Tree tree;
      tree.nodes = {folder_named(std::string(shape.name_size, 'd'), id)};
      id = saver.save(BlobType::Tree, as_bytes(encode_tree(tree).value())).value().id;
    }
    ASSERT_TRUE(saver.finish().ok());
    const std::string before = describe_outside();
    reset_peak();
    RestoreOptions how = options();
    how.dry_run = !shape.to_disk;
    EXPECT_TRUE(restore_to_target(id, how).empty());
    EXPECT_LT(peak_bytes(), 48U << 20U) << shape.depth << " names of " << shape.name_size;
    ++cells;
    expect_canary_alive(before);
    clear_target();
  }
  std::printf("%zu cells so far\n", cells);
}

// A tree is parsed as a whole: 10^6 entries, and what a node takes.
TEST_F(HostileTrees, AMillionEntriesInOneFolder) {
  std::string json = "{\"nodes\":[";
  for (int i = 0; i < 1'000'000; ++i) {
    if (i > 0) json += ',';
    json += fmt::format(R"({{"name":"{:07}","type":"file","content":[]}})", i);
  }
  const BlobId id = save(BlobType::Tree, json + "]}\n");
  json = {};
  reset_peak();
  RestoreOptions how = options();
  how.dry_run = true;
  EXPECT_TRUE(restore_to_target(id, how).empty());
  EXPECT_LT(peak_bytes(), 1U << 30U);
  ++cells;
  std::printf("%zu cells so far; a million entries took %llu MiB\n", cells,
              static_cast<unsigned long long>(peak_bytes() >> 20U));
}

}  // namespace
}  // namespace firebreak
