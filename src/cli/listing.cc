#include "cli/listing.h"

#include "base/text.h"
#include "cli/units.h"

namespace firebreak {

void add_listing_options(Command command, ListingStyle& style) {
  command.add_flag("-l,--long", style.is_long, "show mode, owner, group, size and time");
  command.add_flag("--human-readable", style.human_readable, "sizes in KiB, MiB, …");
}

std::string entry_line(const std::string& path, const Node& node, const ListingStyle& style) {
  if (!style.is_long) return printable(path);
  const std::string size =
      style.human_readable ? format_size(node.size) : fmt::format("{:6}", node.size);
  std::string line = fmt::format("{} {:5} {:5} {} {} {}", mode_text(node.mode), node.uid, node.gid,
                                 size, format_time(node.modified), printable(path));
  if (node.type == NodeType::Symlink) line += " -> " + printable(node.link_target);
  return line;
}

std::string mode_text(std::uint32_t go_mode) {
  constexpr std::string_view kKinds = "dalTLDpSugct?";
  constexpr std::string_view kPermissions = "rwxrwxrwx";
  std::string text;
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if ((go_mode >> (31 - i) & 1) != 0) text += kKinds[i];
  }
  if (text.empty()) text = "-";
  for (std::size_t i = 0; i < kPermissions.size(); ++i) {
    text += (go_mode >> (8 - i) & 1) != 0 ? kPermissions[i] : '-';
  }
  return text;
}

}  // namespace firebreak
