// The services of a project that a capture reads, by the URLs that name them.
#pragma once

#include "cli/database_connection.h"
#include "point/backup_point.h"

namespace firebreak {

struct SourceNames {
  std::string project;
  bool everything = false;  // "firebase://PROJECT": what find_everything() finds
  std::vector<DatabaseName> databases;
  std::vector<std::string> buckets;
  bool users = false;
  bool config = false;
  std::vector<Point::Uncovered> uncovered;
};

// `project`: of buckets that no other URL tells it of; empty for what the environment says. Invalid
// for what is no such URL, named twice, or of another project than the rest.
Result<SourceNames> read_source_urls(const std::vector<std::string>& urls,
                                     const std::string& project, const Environment& environment);

// The databases and buckets that the project has, its users and its configuration, and what of it
// cannot be captured. Where any of the emulator variables is set, what they name: an emulated
// project has no more. Says what is left out then.
Result<void> find_everything(Session& session, SourceNames& names);

// The clients of what is captured.
struct ProjectSources {
  std::vector<std::unique_ptr<FirestoreClient>> databases;
  std::vector<std::unique_ptr<StorageClient>> buckets;
  std::unique_ptr<AuthClient> users;
  std::unique_ptr<ConfigClient> config;

  PointSources of(const SourceNames& names) const;
};
// Says where each is read from.
Result<ProjectSources> connect_to_sources(Session& session, const SourceNames& names,
                                          const ConnectionOptions& connection);

}  // namespace firebreak
