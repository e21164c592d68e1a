// A recovery point: what one snapshot holds of a project (docs/formats/point.md).
#pragma once

#include <string>
#include <vector>

#include "point/config_capture.h"
#include "point/document_capture.h"
#include "point/object_capture.h"
#include "point/user_capture.h"
#include "repository/blob_saver.h"

namespace firebreak {

// Hosts and paths of the snapshots that are points.
constexpr std::string_view kPointHost = "firebreak";
std::string point_path(std::string_view project);

// Where a point was captured; points of both are never mixed.
enum class Origin { Google, Emulator };

struct Point {
  struct Database {
    std::string id;
    CapturedDocuments documents;
  };

  struct Bucket {
    std::string name;
    CapturedObjects objects;  // but its description, which has a file of its own
  };

  // Of the project, and in no part.
  struct Uncovered {
    std::string what;  // as a URL
    std::string reason;
  };

  std::string project;
  Origin origin = Origin::Google;
  std::vector<Database> databases;
  std::vector<Bucket> buckets;
  std::optional<CapturedUsers> users{};  // but their configuration, which has a file of its own
  std::optional<CapturedConfig> config{};
  std::vector<Uncovered> uncovered{};

  // Null where it has none of that id.
  const Database* find(std::string_view database) const;
  const Bucket* find_bucket(std::string_view name) const;
  // The earliest time of any part, of an interval its beginning.
  FirestoreTime cut() const;
};

// "2026-11-25T02:49:59.123456Z".
std::string format_rfc3339(FirestoreTime time);

// The root of the snapshot's tree.
Result<BlobId> save_point(BlobSaver& saver, const Point& point);
// The configuration of the project's users, and the project's; `root` as load_point() takes it.
Result<nlohmann::json> load_user_config(const Repository& repository, const BlobId& root,
                                        std::stop_token stop);
Result<nlohmann::json> load_config(const Repository& repository, const BlobId& root,
                                   std::stop_token stop);
// Corrupt where the tree holds no point, or not what its point.json says.
Result<Point> load_point(const Repository& repository, const BlobId& root, std::stop_token stop);

}  // namespace firebreak
