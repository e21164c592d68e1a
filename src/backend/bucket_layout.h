// Where files lie among the objects of a bucket, as restic lays them out: config, keys/<id>,
// locks/<id>, snapshots/<id>, index/<id>, data/<first two digits>/<id>.
#pragma once

#include <optional>

#include "backend/backend.h"

namespace firebreak {

// Below the repository's root.
std::string object_key(const FileName& file);

// What the objects of a type's files begin with, below the root, and those of no other type.
std::string key_prefix(FileType type);

// The name of the file that an object is, by its key below key_prefix(). Nothing for foreign ones.
std::optional<std::string> name_of_object(FileType type, std::string_view key);

// Takes the objects of a listing, each by its key below key_prefix().
using EachKey = std::function<Result<void>(std::string_view key, std::uint64_t size)>;

// Hands on the files. Borrows `each`.
EachKey only_files(FileType type, const EachFile& each);

// Of a listing of packs, gathers those that lie where no pack is looked for. Borrows `strays`.
EachKey only_misplaced_packs(std::vector<Stray>& strays);

}  // namespace firebreak
