#include "repository/pack_check.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "repository/pack_table.h"

namespace firebreak {
namespace {

constexpr std::uint64_t kTailSize = 32 * 1024;

Finding finding(FindingKind kind, const PackId& pack, std::string message) {
  return {kind, fmt::format("pack {}: {}", pack, message), {}, pack, {}};
}

}  // namespace

Result<std::vector<Finding>> PackCheck::check(const PackId& pack, std::uint64_t size,
                                              const std::vector<PackEntry>& indexed,
                                              std::stop_token stop) {
  std::vector<Finding> findings;
  for (int attempt = 0; attempt < 2; ++attempt) {
    findings.clear();
    const Result<void> whole = read(pack, size, indexed, findings, stop);
    if (whole.ok() && findings.empty()) return findings;
    if (whole.ok()) continue;
    const Error& problem = whole.error();
    if (is(problem, Code::Canceled) || stop.stop_requested()) return problem;
    if (is(problem, Code::NotFound)) {
      findings.push_back(listed_and_not_found(pack));
      continue;
    }
    const bool damaged = is(problem, Code::Corrupt);
    findings.push_back(finding(damaged ? FindingKind::PackDamaged : FindingKind::Unchecked, pack,
                               problem.message()));
  }
  return findings;
}

Result<void> PackCheck::read(const PackId& pack, std::uint64_t size,
                             const std::vector<PackEntry>& indexed, std::vector<Finding>& findings,
                             std::stop_token stop) {
  const FileName file{FileType::Pack, pack.hex()};
  const bool at_once = size <= window_;
  if (at_once) {
    part_ = TRY(repository_.backend().load(file, {0, size}, std::move(part_), stop));
  }
  Result<std::vector<PackEntry>> header = at_once
                                              ? open_pack_header(repository_.sealer(), part_, size)
                                              : load_pack_header(repository_, pack, size, stop);
  std::vector<PackEntry> entries;
  if (header.ok()) {
    entries = std::move(header).value();
    if (entries != indexed) {
      findings.push_back(finding(FindingKind::PackHeader, pack,
                                 "its header and the index do not name the same blobs"));
    }
  } else if (!failed_with(header, Code::Corrupt)) {
    return std::move(header).error();
  } else {
    findings.push_back(finding(FindingKind::PackDamaged, pack, header.error().message()));
    const bool fits = pack_size_of(indexed) == size && layout_problem(indexed).empty();
    if (fits) entries = indexed;
  }
  Sha256Stream hash;
  const std::span<const PackEntry> all(entries);
  std::size_t next = 0;
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t first = next;
    std::uint64_t end = at;
    while (next < all.size() && (next == first || end - at + all[next].length <= window_)) {
      end += all[next++].length;
    }
    if (first == next) end = std::min(size, at + window_);
    if (at_once) {
      end = size;
      next = all.size();
    } else {
      part_ = TRY(repository_.backend().load(file, {at, end - at}, std::move(part_), stop));
    }
    if (part_.size() != end - at) {
      return error(Code::Corrupt, "{} bytes were read instead of {}", part_.size(), end - at);
    }
    hash.update(part_);
    open_blobs(pack, all.subspan(first, next - first), at, findings);
    at = end;
  }
  if (hash.finish() != pack.bytes) {
    findings.push_back(
        finding(FindingKind::PackDamaged, pack, "its content does not match its name"));
  }
  return {};
}

void PackCheck::open_blobs(const PackId& pack, std::span<const PackEntry> entries,
                           std::uint64_t from, std::vector<Finding>& findings) {
  for (const PackEntry& entry : entries) {
    const ByteView sealed = ByteView(part_).subspan(entry.offset - from, entry.length);
    Result<Bytes> opened = open_blob(repository_.sealer(), entry, sealed, std::move(plain_));
    if (opened.ok()) {
      plain_ = std::move(opened).value();
      continue;
    }
    findings.push_back(finding(FindingKind::BlobDamaged, pack, opened.error().message()));
    findings.back().blob = BlobKey{entry.type, entry.id};
  }
}

Finding listed_and_not_found(const PackId& pack) {
  return finding(FindingKind::PackMisplaced, pack,
                 fmt::format("is listed, and is not where it belongs, in data/{}: on the server's "
                             "disk it lies in another folder; move it there",
                             pack.hex().substr(0, 2)));
}

Result<std::vector<PackEntry>> load_pack_header(const Repository& repository, const PackId& pack,
                                                std::uint64_t size, std::stop_token stop) {
  const FileName file{FileType::Pack, pack.hex()};
  const auto load_tail = [&](std::uint64_t length) {
    return repository.backend().load(file, {size - length, length}, {}, stop);
  };
  if (size < kPackOverhead) {
    return error(Code::Corrupt, "pack {}: {} bytes are too few for a pack", pack, size);
  }
  Bytes tail = TRY(load_tail(std::min(size, kTailSize)).on(Side::Repository));
  if (tail.size() < kPackOverhead) return error(Code::Corrupt, "pack {}: ends early", pack);
  const std::uint64_t needed = std::uint64_t{load_le32(tail.data() + tail.size() - 4)} + 4;
  if (needed > tail.size() && needed <= std::min<std::uint64_t>(size, kHeaderSizeMax + 4)) {
    tail = TRY(load_tail(needed).on(Side::Repository));
  }
  return open_pack_header(repository.sealer(), tail, size).context("pack {}", pack);
}

}  // namespace firebreak
