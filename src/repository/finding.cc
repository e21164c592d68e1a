#include "repository/finding.h"

namespace firebreak {

std::string_view name(FindingKind kind) {
  switch (kind) {
    case FindingKind::IndexDamaged:
      return "index_damaged";
    case FindingKind::PackMissing:
      return "pack_missing";
    case FindingKind::PackMisplaced:
      return "pack_misplaced";
    case FindingKind::NotAFile:
      return "not_a_file";
    case FindingKind::FileOverwritten:
      return "file_overwritten";
    case FindingKind::KeyDamaged:
      return "key_damaged";
    case FindingKind::PackSize:
      return "pack_size";
    case FindingKind::PackLayout:
      return "pack_layout";
    case FindingKind::PackDamaged:
      return "pack_damaged";
    case FindingKind::PackHeader:
      return "pack_header";
    case FindingKind::BlobDamaged:
      return "blob_damaged";
    case FindingKind::BlobMissing:
      return "blob_missing";
    case FindingKind::Unchecked:
      return "unchecked";
    case FindingKind::PackRepeated:
      return "pack_repeated";
    case FindingKind::PackMixed:
      return "pack_mixed";
    case FindingKind::PackUnreferenced:
      return "pack_unreferenced";
    case FindingKind::NothingUsed:
      return "nothing_used";
  }
  CHECK(false);
  return {};
}

bool is_hint(FindingKind kind) {
  return kind == FindingKind::PackRepeated || kind == FindingKind::PackMixed ||
         kind == FindingKind::PackUnreferenced || kind == FindingKind::NothingUsed;
}

}  // namespace firebreak
