#include "repository/out_of_place.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/sha256.h"

namespace firebreak {
namespace {

std::string place_of_pack(const std::string& name) {
  return fmt::format("data/{}/{}", name.substr(0, 2), name);
}

}  // namespace

Result<std::vector<Stray>> find_misplaced_packs(Backend& backend, const PackTable& packs,
                                                const PackListing& listing,
                                                const std::vector<Stray>& strays,
                                                std::stop_token stop) {
  std::vector<Stray> misplaced;
  for (const Stray& stray : strays) {
    if (stray.kind != StrayKind::Misplaced) continue;
    const PackId id = TRY(PackId::parse(stray.file.name));
    if (find_pack(listing, id) == nullptr) misplaced.push_back(stray);
  }
  std::vector<std::string> missing;
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    if (find_pack(listing, packs.id(pack)) == nullptr) missing.push_back(packs.id(pack).hex());
  }
  if (missing.empty()) return misplaced;
  std::ranges::sort(missing);
  for (const FileType type : {FileType::Key, FileType::Lock, FileType::Snapshot, FileType::Index}) {
    for (const FileInfo& file : TRY(list_all(backend, type, stop).on(Side::Repository))) {
      if (!std::ranges::binary_search(missing, file.name)) continue;
      misplaced.push_back({{FileType::Pack, file.name},
                           to_string(FileName{type, file.name}),
                           StrayKind::Misplaced});
    }
  }
  return misplaced;
}

std::string describe_misplaced(const Stray& pack) {
  return fmt::format("pack {}: lies in {}, where nothing finds it; move it to {}", pack.file.name,
                     printable(pack.path), place_of_pack(pack.file.name));
}

Result<void> refuse_misplaced_packs(const Repository& repository, std::stop_token stop) {
  Backend& backend = repository.backend();
  const PackTable packs(repository.index().tables());
  PackListing listing = TRY(list_packs(backend, stop));
  TRY(add_unlisted(backend, packs, listing, stop));
  const std::vector<Stray> strays = TRY(backend.find_strays(stop).on(Side::Repository));
  const std::vector<Stray> misplaced =
      TRY(find_misplaced_packs(backend, packs, listing, strays, stop));
  if (misplaced.empty()) return {};
  return error(Code::Corrupt, "nothing was changed: {}", describe_misplaced(misplaced.front()))
      .on(Side::Repository);
}

Result<void> refuse_if_whole(Backend& backend, const FileName& file, std::stop_token stop) {
  const Result<Bytes> bytes = backend.load(file, {}, {}, std::move(stop));
  if (!bytes.ok()) return is_damage(bytes.error()) ? Result<void>() : bytes.error();
  if (to_hex(sha256(*bytes)) != file.name) return {};
  return error(
             Code::Corrupt,
             "{} is as it was written, and does not belong there: if it is a pack that was moved, "
             "move it to {}, else out of the repository",
             to_string(file), place_of_pack(file.name))
      .on(Side::Repository);
}

}  // namespace firebreak
