#include "repository/copy.h"

#include <algorithm>

#include "repository/blob_stream.h"

namespace firebreak {

Result<BlobSaver::Totals> copy_blobs(const Repository& source, Repository& destination,
                                     const BlobSet& wanted, const BlobSaver::Options& options,
                                     Progress& progress, std::stop_token stop) {
  if (const std::vector<BlobKey> missing = wanted.missing(); !missing.empty()) {
    return error(Code::Corrupt, "{} blobs to copy are in no index, the first is {} blob {}",
                 missing.size(), name(missing.front().type), missing.front().id)
        .on(Side::Source);
  }
  const PackTable packs(source.index().tables());
  std::vector<bool> rows(packs.row_count());
  for (std::size_t pack = 0; pack < packs.size(); ++pack) {
    for (const std::uint32_t number : packs.rows(pack)) {
      const IndexRow& row = packs.row(number);
      if (!wanted.contains(row.type(), row.id)) continue;
      const bool believed = !options.verify_present;
      if (believed && destination.index().contains(row.type(), row.id)) continue;
      rows[number] = packs.places(row.type(), row.id).front().row == number;
    }
  }
  BlobSaver saver(destination, options, stop);
  const auto save = [&](const PackEntry& entry, ByteView plain) -> Result<void> {
    TRY(saver.save_known(entry.type, entry.id, plain));
    return {};
  };
  TRY(stream_blobs(source, packs, rows, save, progress, stop));
  TRY(saver.finish());
  return saver.totals();
}

}  // namespace firebreak
