#include "firestore/partitions.h"

#include <algorithm>

#include "base/text.h"
#include "firestore/value.h"

namespace firebreak {
namespace {

constexpr std::string_view kFirstDocumentId = "__id-9223372036854775808__";

Result<std::vector<std::string>> root_collections(FirestoreClient& client, FirestoreTime at,
                                                  std::stop_token stop) {
  firestore_api::ListCollectionIdsRequest request;
  request.set_parent(client.database().documents());
  *request.mutable_read_time() = to_message(at);
  std::vector<std::string> ids;
  for (;;) {
    const firestore_api::ListCollectionIdsResponse page =
        TRY(client.list_collection_ids(request, stop));
    ids.insert(ids.end(), page.collection_ids().begin(), page.collection_ids().end());
    if (page.next_page_token().empty()) return ids;
    request.set_page_token(page.next_page_token());
  }
}

// Names that part the documents of the collection group evenly, in no order; few or none where the
// service sees no need. Where it does not partition at all: what comes before all documents of the
// root collection.
Result<std::vector<std::string>> parting_names(FirestoreClient& client, const std::string& group,
                                               std::size_t count, FirestoreTime at,
                                               std::stop_token stop) {
  firestore_api::PartitionQueryRequest request;
  request.set_parent(client.database().documents());
  request.set_partition_count(static_cast<std::int64_t>(count));
  *request.mutable_read_time() = to_message(at);
  auto& query = *request.mutable_structured_query();
  query.add_from()->set_collection_id(group);
  query.mutable_from(0)->set_all_descendants(true);
  auto& order = *query.add_order_by();
  order.mutable_field()->set_field_path("__name__");
  order.set_direction(firestore_api::StructuredQuery::ASCENDING);
  std::vector<std::string> names;
  for (;;) {
    Result<firestore_api::PartitionQueryResponse> answer = client.partition_query(request, stop);
    if (failed_with(answer, Code::Invalid)) {
      return std::vector{
          fmt::format("{}/{}/{}", client.database().documents(), group, kFirstDocumentId)};
    }
    const firestore_api::PartitionQueryResponse page = TRY(std::move(answer));
    for (const firestore_api::Cursor& cursor : page.partitions()) {
      if (cursor.values_size() == 1) names.push_back(cursor.values(0).reference_value());
    }
    if (page.next_page_token().empty()) return names;
    request.set_page_token(page.next_page_token());
  }
}

}  // namespace

Result<std::vector<PathRange>> partition_database(FirestoreClient& client, std::size_t count,
                                                  FirestoreTime at, std::stop_token stop) {
  const std::string prefix = client.database().documents() + "/";
  if (count <= 1) return std::vector<PathRange>{{}};
  std::vector<std::string> cuts;
  // Any name parts all documents, those of other collections and below others too.
  for (const std::string& id : TRY(root_collections(client, at, stop))) {
    for (const std::string& name : TRY(parting_names(client, id, count, at, stop))) {
      if (!name.starts_with(prefix)) {
        return error(Code::Corrupt, "PartitionQuery: \"{}\" is of another database",
                     printable(name))
            .on(Side::Source);
      }
      cuts.push_back(name.substr(prefix.size()));
    }
  }
  std::ranges::sort(
      cuts, [](const std::string& a, const std::string& b) { return compare_paths(a, b) < 0; });
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<PathRange> ranges;
  const std::size_t parts = std::min(count, cuts.size() + 1);
  std::string begin;
  for (std::size_t part = 1; part < parts; ++part) {
    const std::string& end = cuts[part * (cuts.size() + 1) / parts - 1];
    ranges.push_back({begin, end});
    begin = end;
  }
  ranges.push_back({begin, ""});
  return ranges;
}

}  // namespace firebreak
