#include "snapshot/tar.h"

#include <array>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/text.h"

namespace firebreak {
namespace {

constexpr std::size_t kBlockSize = 512;
constexpr std::uint64_t kOctal7Max = 07777777;       // uid, gid, device numbers
constexpr std::uint64_t kOctal11Max = 077777777777;  // size, time

// The ustar header (POSIX.1-2001, pax, "ustar Interchange Format"), filled field by field.
class Header {
 public:
  void text(std::size_t at, std::size_t room, std::string_view value) {
    std::memcpy(block_.data() + at, value.data(), std::min(room, value.size()));
  }
  // Zero-filled octal digits and a NUL.
  void octal(std::size_t at, std::size_t room, std::uint64_t value) {
    const std::string digits = fmt::format("{:0{}o}", value, room - 1);
    text(at, room - 1, digits);
  }
  ByteView finish() {
    text(257, 8, std::string_view("ustar\00000", 8));
    text(148, 8, "        ");  // the checksum counts itself as blanks
    std::uint64_t sum = 0;
    for (const std::byte byte : block_) sum += std::to_integer<std::uint64_t>(byte);
    octal(148, 7, sum);
    return block_;
  }

 private:
  std::array<std::byte, kBlockSize> block_{};
};

// "length key=value\n", where the length counts its own digits.
void append_record(std::string& records, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() > length) ++length;
  records += fmt::format("{} {}=", length, key);
  records += value;
  records += '\n';
}

// Seconds with nine digits of fraction, below zero too.
std::string pax_time(FileTime time) {
  std::int64_t seconds = time.seconds.time_since_epoch().count();
  std::uint32_t fraction = time.nanoseconds;
  const bool negative = seconds < 0;
  if (negative && fraction > 0) {
    ++seconds;
    fraction = 1'000'000'000 - fraction;
  }
  return fmt::format("{}{}.{:09}", negative ? "-" : "", negative ? -seconds : seconds, fraction);
}

char type_flag(NodeType type) {
  switch (type) {
    case NodeType::Dir:
      return '5';
    case NodeType::Symlink:
      return '2';
    case NodeType::Device:
      return '4';
    case NodeType::CharDevice:
      return '3';
    case NodeType::Fifo:
      return '6';
    default:
      return '0';
  }
}

std::string extended_records(const std::string& path, const Node& node, std::uint64_t size) {
  std::string records;
  if (path.size() > 100) append_record(records, "path", path);
  if (node.link_target.size() > 100) append_record(records, "linkpath", node.link_target);
  if (size > kOctal11Max) append_record(records, "size", std::to_string(size));
  if (node.uid > kOctal7Max) append_record(records, "uid", std::to_string(node.uid));
  if (node.gid > kOctal7Max) append_record(records, "gid", std::to_string(node.gid));
  if (node.user.size() > 31) append_record(records, "uname", node.user);
  if (node.group.size() > 31) append_record(records, "gname", node.group);
  append_record(records, "mtime", pax_time(node.modified));
  append_record(records, "atime", pax_time(node.accessed));
  for (const ExtendedAttribute& attribute : node.extended_attributes) {
    append_record(records, "SCHILY.xattr." + attribute.name, as_text(attribute.value));
  }
  return records;
}

}  // namespace

Result<void> TarWriter::begin(const std::string& path, const Node& node, std::uint64_t size) {
  if (node.type == NodeType::Socket || node.type == NodeType::Irregular) {
    return error(Code::Invalid, "{}: a {} has no place in a tar", printable(path), name(node.type));
  }
  TRY(pad());
  const std::string full = node.type == NodeType::Dir ? path + "/" : path;
  const std::string records = extended_records(full, node, size);
  Header extended;
  extended.text(0, 100, "PaxHeaders/" + full.substr(0, 80));
  extended.octal(100, 8, 0644);
  extended.octal(108, 8, 0);
  extended.octal(116, 8, 0);
  extended.octal(124, 12, records.size());
  extended.octal(136, 12, 0);
  extended.text(156, 1, "x");
  TRY(write_(extended.finish()));
  size_ = records.size();
  written_ = 0;
  TRY(content(as_bytes(records)));
  TRY(pad());

  Header header;
  header.text(0, 100, full);
  header.octal(100, 8, stat_mode(node.mode) & 07777);
  header.octal(108, 8, std::min<std::uint64_t>(node.uid, kOctal7Max));
  header.octal(116, 8, std::min<std::uint64_t>(node.gid, kOctal7Max));
  header.octal(124, 12, std::min(size, kOctal11Max));
  const std::int64_t seconds = node.modified.seconds.time_since_epoch().count();
  header.octal(
      136, 12,
      std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)), kOctal11Max));
  header.text(156, 1, std::string(1, type_flag(node.type)));
  header.text(157, 100, node.link_target);
  header.text(265, 31, node.user);
  header.text(297, 31, node.group);
  const bool is_device = node.type == NodeType::Device || node.type == NodeType::CharDevice;
  header.octal(329, 8, is_device ? std::min<std::uint64_t>(major(node.device), kOctal7Max) : 0);
  header.octal(337, 8, is_device ? std::min<std::uint64_t>(minor(node.device), kOctal7Max) : 0);
  TRY(write_(header.finish()));
  size_ = size;
  written_ = 0;
  return {};
}

Result<void> TarWriter::content(ByteView bytes) {
  written_ += bytes.size();
  CHECK(written_ <= size_);
  return write_(bytes);
}

Result<void> TarWriter::pad() {
  CHECK(written_ == size_);
  static constexpr std::array<std::byte, kBlockSize> kZeros{};
  const std::size_t over = size_ % kBlockSize;
  size_ = written_ = 0;
  return over == 0 ? Result<void>() : write_(ByteView(kZeros).first(kBlockSize - over));
}

Result<void> TarWriter::finish() {
  TRY(pad());
  static constexpr std::array<std::byte, 2 * kBlockSize> kEnd{};
  return write_(kEnd);
}

}  // namespace firebreak
