#include "standby/partition.h"

#include "standby/names.h"
#include "standby/reading.h"

namespace firebreak {
namespace {

// Names evenly far from each other: every so manieth of all, ever fewer as more are met.
class EvenSample {
 public:
  explicit EvenSample(std::size_t wanted) : wanted_(wanted) {}
  void add(std::string_view path) {
    if (seen_++ % stride_ != 0) return;
    paths_.emplace_back(path);
    if (paths_.size() < 4 * (wanted_ + 1)) return;
    stride_ *= 2;
    for (std::size_t at = 0; 2 * at < paths_.size(); ++at) paths_[at] = std::move(paths_[2 * at]);
    paths_.resize((paths_.size() + 1) / 2);
  }
  // At most as many as wanted, none of them the first of all.
  std::vector<std::string> take() const {
    std::vector<std::string> even;
    for (std::size_t part = 1; part <= wanted_; ++part) {
      const std::size_t at = part * paths_.size() / (wanted_ + 1);
      if (at > 0 && (even.empty() || even.back() != paths_[at])) even.push_back(paths_[at]);
    }
    return even;
  }

 private:
  std::size_t wanted_;
  std::size_t seen_ = 0;
  std::size_t stride_ = 1;
  std::vector<std::string> paths_;
};

}  // namespace

absl::Status partition_query(Store& store, const api::PartitionQueryRequest& request,
                             api::PartitionQueryResponse& response) {
  constexpr std::int64_t kPartitionsMax = 10'000;
  const DocumentName parent = ANSWER(parse_parent(request.parent()));
  const api::StructuredQuery& asked = request.structured_query();
  if (!parent.path.empty()) return invalid("The parent of a partition query is the database.");
  if (request.partition_count() <= 0) return invalid("partition_count must be greater than zero.");
  Values values(parent.database);
  const Query query = ANSWER(parse_query("", asked, values));
  if (!query.has_all_descendants || query.orders.size() != 1 ||
      query.orders.front().is_descending || asked.has_where() || asked.has_start_at() ||
      asked.has_end_at() || asked.has_limit() || asked.offset() != 0) {
    return invalid(
        "Only collection group queries ordered by __name__ ascending can be partitioned.");
  }
  const Reading reading = ANSWER(reading_of(store, parent.database, request));
  const Moment moment{store.documents(), parent.database, reading.time};
  EvenSample sample(static_cast<std::size_t>(std::min(request.partition_count(), kPartitionsMax)));
  const EachRecord add = [&](ByteView record) -> Answer<bool> {
    const RecordView view = ANSWER(RecordView::parse(record));
    sample.add(view.path());
    return true;
  };
  Scan scan = ANSWER(begin_scan(moment, query));
  ANSWER(run_query(moment, query, std::move(scan), add));
  for (std::string& path : sample.take()) {
    api::Value& value = *response.add_partitions()->add_values();
    value.set_reference_value(to_string(DocumentName{parent.database, std::move(path)}));
  }
  return {};
}

}  // namespace firebreak
