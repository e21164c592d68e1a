#include "tree_plan.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/check.h"
#include "base/random.h"

namespace firebreak {
namespace {

constexpr std::int64_t kFirstDay = 1546300800;  // 2019-01-01
constexpr std::int64_t kLastDay = 1704067200;   // 2024-01-01
constexpr std::uint64_t kKiB = 1024;

// Sizes spread evenly over the orders of magnitude between the two, as file sizes do.
std::uint64_t any_size(std::uint64_t smallest, std::uint64_t largest, Random& random) {
  const double chance = static_cast<double>(random.below(1 << 20)) / (1 << 20);
  const double ratio = static_cast<double>(largest) / static_cast<double>(smallest);
  return static_cast<std::uint64_t>(static_cast<double>(smallest) * std::pow(ratio, chance));
}

class Planner {
 public:
  Planner(std::uint64_t bytes, std::uint64_t seed) : bytes_(bytes), seed_(seed), random_(seed) {}

  std::vector<PlannedFile> plan() {
    fill(Part::Photo, 0.41, 800 * kKiB, 6144 * kKiB);
    fill(Part::Text, 0.32, 8 * kKiB, 1024 * kKiB);
    fill(Part::Small, 0.03, 64, 8 * kKiB);
    const std::uint64_t large = std::max<std::uint64_t>(share(0.04), 1);
    fill(Part::Large, 0.12, large, large);
    const std::size_t originals = files_.size();
    copy(originals);
    shift(originals);
    return std::move(files_);
  }

 private:
  std::uint64_t share(double of) const {
    return static_cast<std::uint64_t>(static_cast<double>(bytes_) * of);
  }

  void add(Part part, std::string path, Content content) {
    files_.push_back({std::move(path), part, std::move(content),
                      kFirstDay + static_cast<std::int64_t>(random_.below(kLastDay - kFirstDay))});
  }

  // Files of one part until they hold their share; the last one is cut to fit.
  void fill(Part part, double of, std::uint64_t smallest, std::uint64_t largest) {
    std::uint64_t left = share(of);
    for (std::uint64_t nth = 0; left > 0; ++nth) {
      Content content;
      content.kind = any_kind(part);
      content.seed = mixed_seed(seed_, files_.size() + 1);
      content.base_size_bytes = std::min(left, any_size(smallest, largest, random_));
      left -= content.base_size_bytes;
      add(part, path(part, content.kind, nth), std::move(content));
    }
  }

  Kind any_kind(Part part) {
    if (part == Part::Photo) return Kind::Photo;
    if (part == Part::Large) return Kind::Mixed;
    constexpr Kind kTexts[] = {Kind::Prose, Kind::Json, Kind::Source};
    return kTexts[random_.below(3)];
  }

  static std::string path(Part part, Kind kind, std::uint64_t nth) {
    const std::string_view ending = kind == Kind::Prose ? "md" : kind == Kind::Json ? "json" : "c";
    switch (part) {
      case Part::Photo:
        return fmt::format("photos/{}/{:02}/IMG_{:06}.jpg", 2019 + nth / 600, nth / 50 % 12, nth);
      case Part::Text:
        return fmt::format("work/project-{:03}/{}/file-{:06}.{}", nth / 200, ending, nth, ending);
      case Part::Small:
        return fmt::format("mail/{:03}/{:02}/{:07}.{}", nth / 4000, nth / 100 % 40, nth, ending);
      default:
        return fmt::format("large/database-{}.img", nth);
    }
  }

  void copy(std::size_t originals) {
    std::uint64_t left = share(0.06);
    for (std::uint64_t nth = 0; left > 0; ++nth) {
      const PlannedFile from = files_[random_.below(originals)];
      // A large file would be the whole share, and the small ones are too many to find by chance.
      if (from.part != Part::Photo && from.part != Part::Text) continue;
      Content content = from.content;
      if (content.size_bytes() > left) content.base_size_bytes = left;
      left -= content.size_bytes();
      add(Part::Copy,
          fmt::format("copies/{:03}/{:06}-{}", nth / 100, nth,
                      from.path.substr(from.path.rfind('/') + 1)),
          std::move(content));
    }
  }

  void shift(std::size_t originals) {
    std::uint64_t left = share(0.06);
    std::size_t nth = 0;
    for (std::size_t at = originals; at-- > 0 && left > 0;) {
      const PlannedFile& from = files_[at];
      const bool first_large = from.part == Part::Large && nth == 0;
      if (!first_large && from.part != Part::Photo) continue;
      Content content = from.content;
      content.base_size_bytes = std::min(content.base_size_bytes, left);
      left -= content.base_size_bytes;
      const std::uint64_t insertions = 1 + content.base_size_bytes / (16 << 20);
      for (std::uint64_t i = 0; i < insertions; ++i) {
        const std::uint64_t stretch = content.base_size_bytes / insertions;
        content.insertions.push_back(
            {i * stretch + random_.below(stretch + 1) / 2, 1 + random_.below(4096)});
      }
      add(Part::Shifted, fmt::format("shifted/{:05}.bin", nth++), std::move(content));
    }
  }

  std::uint64_t bytes_;
  std::uint64_t seed_;
  Random random_;
  std::vector<PlannedFile> files_;
};

PlannedChange any_change(const PlannedFile& file, std::uint64_t nth, Random& random) {
  PlannedChange change{file.path, file};
  change.to->modified_seconds = kLastDay + static_cast<std::int64_t>(nth);
  Content& content = change.to->content;
  switch (random.below(10)) {
    case 0:
      change.to.reset();
      break;
    case 1:
      change.from.clear();
      change.to->path += fmt::format(".new-{}", nth);
      content.seed = mixed_seed(content.seed, 7);
      break;
    case 2:
      change.to->path += fmt::format(".moved-{}", nth);
      change.to->modified_seconds = file.modified_seconds;
      break;
    case 3:
    case 4:
      content.seed = mixed_seed(content.seed, 8);
      break;
    case 5:
    case 6:
      content.insertions.push_back({UINT64_MAX - 1, 1 + random.below(8192)});
      break;
    default:
      content.insertions = {{content.base_size_bytes / 2, 1 + random.below(8192)}};
  }
  return change;
}

}  // namespace

std::string_view name(Part part) {
  switch (part) {
    case Part::Photo:
      return "photos";
    case Part::Text:
      return "text";
    case Part::Small:
      return "small";
    case Part::Large:
      return "large";
    case Part::Copy:
      return "copies";
    case Part::Shifted:
      return "shifted";
  }
  return "";
}

std::vector<PlannedFile> plan_tree(std::uint64_t bytes, std::uint64_t seed) {
  return Planner(bytes, seed).plan();
}

std::vector<PlannedChange> plan_changes(const std::vector<PlannedFile>& tree, double percent,
                                        std::uint64_t seed) {
  Random random(mixed_seed(seed, 99));
  std::vector<PlannedChange> changes;
  double total = 0;
  for (const PlannedFile& file : tree) total += static_cast<double>(file.content.size_bytes());
  const double budget = total * percent / 100;

  // Visits the files in a random order without repeats.
  std::vector<std::size_t> order(tree.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);

  double done = 0;
  bool large_done = false;
  for (const std::size_t at : order) {
    const PlannedFile& file = tree[at];
    const auto size = static_cast<double>(file.content.size_bytes());
    if (file.part == Part::Large) {
      if (large_done) continue;
      large_done = true;
      PlannedChange change{file.path, file};
      change.to->modified_seconds = kLastDay;
      change.to->content.insertions = {{file.content.base_size_bytes / 3, 1000}};
      changes.push_back(std::move(change));
    } else if (done + size <= budget) {
      done += size;
      changes.push_back(any_change(file, changes.size(), random));
    }
  }
  return changes;
}

}  // namespace firebreak
