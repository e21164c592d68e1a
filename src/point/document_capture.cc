#include "point/document_capture.h"

#include <map>

#include "firestore/document_key.h"
#include "firestore/document_path.h"
#include "firestore/partitions.h"
#include "firestore/record.h"
#include "point/tree_piece.h"

namespace firebreak {
namespace {

// More than readers, so that the last of them do not work alone for long.
constexpr std::size_t kPartsPerReader = 8;

// As Google bills.
std::uint64_t reads_to_count(std::uint64_t documents) {
  return std::max<std::uint64_t>(1, (documents + 999) / 1000);
}

struct GroupPiece {
  TreePiece records;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
};

// What one part of the database holds, by collection id.
struct Part {
  std::map<std::string, GroupPiece, std::less<>> groups;
  std::uint64_t unknown_fields = 0;
};

class DocumentCapture {
 public:
  DocumentCapture(FirestoreClient& client, BlobSaver& saver, const Polynomial& cut_key,
                  const DocumentCaptureOptions& options, DocumentCaptureProgress& progress)
      : client_(client), saver_(saver), rule_(cut_key), options_(options), progress_(progress) {}

  Result<CapturedDocuments> run(std::stop_token stop);

 private:
  Result<void> read_parts(std::stop_token stop);
  Result<Part> read_part(const PathRange& range, std::stop_token stop);
  GroupPiece& group(Part& part, std::string_view collection_id);
  Result<void> join_in_turn(std::size_t number, Part part);
  Result<void> join(Part part) REQUIRES(mutex_);
  Result<void> compare_with_count(CapturedDocuments& captured, std::stop_token stop);

  FirestoreClient& client_;
  BlobSaver& saver_;
  const CutRule rule_;
  const DocumentCaptureOptions options_;
  DocumentCaptureProgress& progress_;
  FirestoreTime time_;
  std::vector<PathRange> ranges_;

  std::atomic<std::size_t> next_range_ = 0;
  Mutex mutex_;
  std::map<std::size_t, Part> waiting_ GUARDED_BY(mutex_);  // read, but one before them is not
  std::size_t joined_parts_ GUARDED_BY(mutex_) = 0;
  Part joined_ GUARDED_BY(mutex_);
};

GroupPiece& DocumentCapture::group(Part& part, std::string_view collection_id) {
  const auto found = part.groups.find(collection_id);
  if (found != part.groups.end()) return found->second;
  const auto [made, _] =
      part.groups.emplace(collection_id, GroupPiece{TreePiece(rule_, saver_), 0, 0});
  return made->second;
}

Result<Part> DocumentCapture::read_part(const PathRange& range, std::stop_token stop) {
  Part part;
  DocumentReader reader(client_, range, time_);
  RecordEncoder encoder(client_.database().documents());
  while (const std::optional<ByteView> document = TRY(reader.next(stop))) {
    TRY(encoder.encode(*document));
    const ByteView record = encoder.record();
    GroupPiece& piece = group(part, collection_id(encoder.path()));
    TRY(piece.records.add(document_key(encoder.path()), record));
    ++piece.documents;
    piece.bytes += record.size();
    progress_.bytes += record.size();
    const std::uint64_t so_far = ++progress_.documents;
    if (options_.reads_max != 0 && so_far > options_.reads_max) {
      return error(Code::Exhausted,
                   "{} has more than the {} documents that may be read (--max-reads)",
                   client_.database().url(), options_.reads_max)
          .on(Side::Source);
    }
  }
  part.unknown_fields = encoder.unknown_fields();
  return part;
}

Result<void> DocumentCapture::read_parts(std::stop_token stop) {
  for (;;) {
    const std::size_t number = next_range_++;
    if (number >= ranges_.size()) return {};
    Part part = TRY(read_part(ranges_[number], stop));
    TRY(join_in_turn(number, std::move(part)));
  }
}

Result<void> DocumentCapture::join_in_turn(std::size_t number, Part part) {
  const MutexLock lock(mutex_);
  waiting_.emplace(number, std::move(part));
  while (!waiting_.empty() && waiting_.begin()->first == joined_parts_) {
    Part next = std::move(waiting_.extract(waiting_.begin()).mapped());
    TRY(join(std::move(next)));
    ++joined_parts_;
  }
  return {};
}

Result<void> DocumentCapture::join(Part part) {
  joined_.unknown_fields += part.unknown_fields;
  for (auto& [id, piece] : part.groups) {
    GroupPiece& whole = group(joined_, id);
    TRY(whole.records.append(std::move(piece.records)));
    whole.documents += piece.documents;
    whole.bytes += piece.bytes;
  }
  return {};
}

Result<CapturedDocuments> DocumentCapture::run(std::stop_token stop) {
  time_ = TRY(client_.present(stop));
  const std::size_t parts = options_.readers * kPartsPerReader;
  ranges_ = TRY(partition_database(client_, parts, time_, stop));
  TRY(run_workers(
      std::min(options_.readers, ranges_.size()),
      [this](std::stop_token stop_reading) { return read_parts(stop_reading); }, stop));

  const MutexLock lock(mutex_);
  CHECK(joined_parts_ == ranges_.size());
  CapturedDocuments captured;
  captured.time = time_;
  captured.unknown_fields = joined_.unknown_fields;
  TreePiece whole(rule_, saver_);
  for (auto& [id, piece] : joined_.groups) {
    TRY(whole.append(std::move(piece.records)));
    captured.groups.push_back({id, piece.documents, piece.bytes});
    captured.documents += piece.documents;
    captured.bytes += piece.bytes;
  }
  // An empty answer is billed as one document, and so was the question for the time.
  captured.reads = captured.documents + 1 + (captured.documents == 0 ? 1 : 0);
  captured.base = TRY(whole.finish());
  TRY(compare_with_count(captured, stop));
  return captured;
}

// Nobody would miss what neither the service gave nor this program noticed.
Result<void> DocumentCapture::compare_with_count(CapturedDocuments& captured,
                                                 std::stop_token stop) {
  const Result<std::uint64_t> counted = client_.count(time_, stop);
  if (failed_with(counted, Code::Invalid)) return {};
  if (!counted.ok()) return counted.error();
  captured.counted = *counted;
  captured.reads += reads_to_count(*counted);
  if (*counted == captured.documents) return {};
  return error(Code::Corrupt, "{}: the service gave {} documents and counts {} at the same time",
               client_.database().url(), captured.documents, *counted)
      .on(Side::Source);
}

}  // namespace

Result<DocumentCount> count_documents(FirestoreClient& client, std::stop_token stop) {
  const FirestoreTime time = TRY(client.present(stop));
  const std::uint64_t documents = TRY(client.count(time, stop));
  return DocumentCount{time, documents, documents + 1 + reads_to_count(documents)};
}

Result<CapturedDocuments> capture_documents(FirestoreClient& client, BlobSaver& saver,
                                            const Polynomial& cut_key,
                                            const DocumentCaptureOptions& options,
                                            DocumentCaptureProgress& progress,
                                            std::stop_token stop) {
  return DocumentCapture(client, saver, cut_key, options, progress).run(stop);
}

}  // namespace firebreak
