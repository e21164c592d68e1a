#include <algorithm>

#include "repository/prune.h"

namespace firebreak {
namespace {

// One decision in the making.
class Planner {
 public:
  Planner(PruneInput input, const BlobSet& used, const PruneOptions& options)
      : packs_(std::move(input.packs)),
        input_(std::move(input)),
        used_set_(used),
        options_(options),
        facts_(packs_.size()),
        used_(packs_.row_count()),
        chosen_(packs_.row_count()) {}

  Result<PrunePlan> decide() {
    look_at_packs();
    TRY(choose_copies());
    count_chosen();
    std::vector<PackFate> fates = fates_without_repacking();
    choose_repacking(fates);
    PrunePlan plan = finish(std::move(fates));
    const std::uint64_t removed = stats_.packs_removed.count + stats_.packs_unreferenced.count;
    if (stats_.blobs_used.count == 0 && removed > 0 && !options_.may_remove_all) {
      return error(Code::Invalid,
                   "no snapshot is left, and all {} packs would go; where snapshots were lost, "
                   "restic recover makes one of what is there; if everything is to go, give "
                   "--unsafe-allow-remove-all",
                   removed);
    }
    return plan;
  }

 private:
  struct Facts {
    bool exists = false;
    bool sound = false;    // exists, and measures what the index says
    bool mixed = false;    // trees and data
    bool trees = false;    // nothing but trees
    bool damaged = false;  // a copy in it was found so
    bool plain = false;    // holds plain blobs that should not be
    std::uint32_t blobs = 0;
    std::uint32_t chosen = 0;
    std::uint64_t used_bytes = 0;    // of every used blob in it
    std::uint64_t chosen_bytes = 0;  // of those it is the keeper of
  };

  void look_at_packs() {
    for (std::size_t pack = 0; pack < packs_.size(); ++pack) {
      Facts& facts = facts_[pack];
      const ListedPack* const listed = find_pack(input_.listing, packs_.id(pack));
      facts.exists = listed != nullptr;
      facts.sound = facts.exists && listed->size == packs_.file_size(pack);
      bool has_tree = false;
      bool has_data = false;
      for (const std::uint32_t number : packs_.rows(pack)) {
        const IndexRow& row = packs_.row(number);
        const bool is_tree = row.type() == BlobType::Tree;
        (is_tree ? has_tree : has_data) = true;
        ++facts.blobs;
        if (row.uncompressed_length == 0 && input_.version > 1) {
          facts.plain = facts.plain || is_tree || options_.repack_uncompressed;
        }
        used_[number] = used_set_.contains(row.type(), row.id);
        if (used_[number]) facts.used_bytes += row.length;
        facts.damaged = facts.damaged || input_.damaged.contains({pack, row.offset});
      }
      facts.mixed = has_tree && has_data;
      facts.trees = has_tree && !has_data;
    }
  }

  bool is_good(const PackTable::Place& place) const {
    return facts_[place.pack].sound &&
           !input_.damaged.contains({place.pack, packs_.row(place.row).offset});
  }

  // Of several copies, the one in the pack with most in use is kept.
  std::optional<PackTable::Place> keeper(const IndexRow& row) const {
    std::optional<PackTable::Place> best;
    for (const PackTable::Place& place : packs_.places(row.type(), row.id)) {
      if (!is_good(place)) continue;
      if (!best || facts_[place.pack].used_bytes > facts_[best->pack].used_bytes) best = place;
    }
    return best;
  }

  Result<void> choose_copies() {
    std::optional<BlobKey> lost;
    std::size_t lost_count = 0;
    if (const std::vector<BlobKey> missing = used_set_.missing(); !missing.empty()) {
      lost = missing.front();
      lost_count = missing.size();
    }
    for (std::size_t pack = 0; pack < packs_.size(); ++pack) {
      for (const std::uint32_t number : packs_.rows(pack)) {
        if (!used_[number]) continue;
        const IndexRow& row = packs_.row(number);
        if (const std::optional<PackTable::Place> kept = keeper(row)) {
          chosen_[kept->row] = true;
        } else {
          lost = BlobKey{row.type(), row.id};
          ++lost_count;
        }
      }
    }
    if (!lost) return {};
    return error(Code::Corrupt, "{} used blobs are missing or damaged, {} blob {} for one",
                 lost_count, name(lost->type), lost->id)
        .on(Side::Repository);
  }

  void count_chosen() {
    for (std::size_t pack = 0; pack < packs_.size(); ++pack) {
      Facts& facts = facts_[pack];
      for (const std::uint32_t number : packs_.rows(pack)) {
        const std::uint64_t length = packs_.row(number).length;
        if (chosen_[number]) {
          ++facts.chosen;
          facts.chosen_bytes += length;
        }
        PruneStats::Count& kind = chosen_[number] ? stats_.blobs_used
                                  : used_[number] ? stats_.blobs_duplicate
                                                  : stats_.blobs_unused;
        count(kind, length);
      }
    }
  }

  std::vector<PackFate> fates_without_repacking() const {
    std::vector<PackFate> fates(packs_.size(), PackFate::Keep);
    for (std::size_t pack = 0; pack < packs_.size(); ++pack) {
      if (facts_[pack].chosen == 0) fates[pack] = PackFate::Remove;
      if (!facts_[pack].exists) fates[pack] = PackFate::Forget;
    }
    return fates;
  }

  std::uint64_t unused_bytes_in(std::size_t pack) const {
    return packs_.file_size(pack) - kPackOverhead - facts_[pack].chosen_bytes -
           header_bytes(facts_[pack].blobs);
  }
  // What the header takes at least; it is no unused space.
  static std::uint64_t header_bytes(std::uint32_t blobs) {
    return std::uint64_t{blobs} * kPlainEntrySize;
  }

  std::uint64_t unused_allowed() const {
    if (const auto* const limit = std::get_if<UnusedBytes>(&options_.max_unused)) {
      return limit->bytes;
    }
    const auto* const share = std::get_if<UnusedShare>(&options_.max_unused);
    if (share == nullptr || share->percent >= 100) return UINT64_MAX;
    // x unused of (used + x) are `percent`.
    const double used = static_cast<double>(stats_.blobs_used.bytes);
    return static_cast<std::uint64_t>(used * share->percent / (100 - share->percent));
  }

  // Why a pack would be repacked, the most urgent first.
  enum class Reason { Damaged, Form, Unused };

  std::optional<Reason> reason(std::size_t pack) const {
    const Facts& facts = facts_[pack];
    if (facts.damaged) return Reason::Damaged;
    if (options_.repack_cacheable_only && !facts.trees) return std::nullopt;
    if (facts.mixed || facts.plain) return Reason::Form;
    if (packs_.file_size(pack) < options_.repack_smaller_than) return Reason::Form;
    if (facts.chosen < facts.blobs) return Reason::Unused;
    return std::nullopt;
  }

  void choose_repacking(std::vector<PackFate>& fates) const {
    struct Candidate {
      Reason reason;
      double unused_share;
      std::size_t pack;
    };
    std::vector<Candidate> candidates;
    std::uint64_t unused = 0;
    for (std::size_t pack = 0; pack < packs_.size(); ++pack) {
      if (fates[pack] != PackFate::Keep) continue;
      if (facts_[pack].chosen < facts_[pack].blobs) unused += unused_bytes_in(pack);
      const std::optional<Reason> why = reason(pack);
      if (!why) continue;
      const double size = static_cast<double>(packs_.file_size(pack));
      candidates.push_back({*why, static_cast<double>(unused_bytes_in(pack)) / size, pack});
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return a.reason != b.reason ? a.reason < b.reason : a.unused_share > b.unused_share;
    });
    const std::uint64_t allowed = unused_allowed();
    std::uint64_t repacked = 0;
    for (const Candidate& candidate : candidates) {
      const std::uint64_t size = packs_.file_size(candidate.pack);
      if (candidate.reason == Reason::Unused && unused <= allowed) break;
      const bool too_much = repacked + size > options_.max_repack_bytes.value_or(UINT64_MAX);
      if (candidate.reason != Reason::Damaged && too_much) continue;
      repacked += size;
      if (facts_[candidate.pack].chosen < facts_[candidate.pack].blobs) {
        unused -= unused_bytes_in(candidate.pack);
      }
      fates[candidate.pack] = PackFate::Repack;
    }
  }

  static void count(PruneStats::Count& into, std::uint64_t bytes) {
    ++into.count;
    into.bytes += bytes;
  }

  // What becomes of the copies of one chosen blob: the row moves unless a pack that stays has it;
  // copies that stay alone are to be read first.
  void follow(std::uint32_t number, const std::vector<PackFate>& fates, PrunePlan& plan) {
    const IndexRow& row = packs_.row(number);
    std::vector<std::uint32_t> staying;
    bool some_go = false;
    for (const PackTable::Place& place : packs_.places(row.type(), row.id)) {
      if (is_good(place) && fates[place.pack] == PackFate::Keep) {
        staying.push_back(place.row);
      } else if (facts_[place.pack].exists) {
        some_go = true;
      }
    }
    if (staying.empty()) {
      plan.moved[number] = true;
      count(stats_.blobs_moved, row.length);
    } else if (some_go) {
      plan.relied.insert(plan.relied.end(), staying.begin(), staying.end());
    }
  }

  PrunePlan finish(std::vector<PackFate> fates) {
    PrunePlan plan;
    plan.moved.resize(packs_.row_count());
    for (std::size_t pack = 0; pack < packs_.size(); ++pack) {
      const std::uint64_t size = packs_.file_size(pack);
      if (fates[pack] == PackFate::Keep) {
        count(stats_.packs_kept, size);
        if (facts_[pack].chosen < facts_[pack].blobs) {
          stats_.unused_bytes_after += unused_bytes_in(pack);
        }
      }
      if (fates[pack] == PackFate::Repack) count(stats_.packs_repacked, size);
      if (fates[pack] == PackFate::Remove) count(stats_.packs_removed, size);
      if (fates[pack] == PackFate::Forget) ++stats_.packs_forgotten;
      for (const std::uint32_t number : packs_.rows(pack)) {
        if (chosen_[number]) follow(number, fates, plan);
      }
    }
    for (const ListedPack& listed : input_.listing) {
      if (packs_.find(listed.id)) continue;
      plan.unreferenced.push_back(listed);
      count(stats_.packs_unreferenced, listed.size);
    }
    plan.packs = std::move(packs_);
    plan.index_files = input_.index_files;
    plan.fates = std::move(fates);
    plan.stats = stats_;
    return plan;
  }

  PackTable packs_;
  const PruneInput input_;
  const BlobSet& used_set_;
  const PruneOptions& options_;
  std::vector<Facts> facts_;
  std::vector<bool> used_;    // by row
  std::vector<bool> chosen_;  // by row: the copy of a used blob that counts
  PruneStats stats_;
};

}  // namespace

Result<PrunePlan> decide_prune(PruneInput input, const BlobSet& used, const PruneOptions& options) {
  return Planner(std::move(input), used, options).decide();
}

}  // namespace firebreak
