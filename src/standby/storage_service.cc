#include "standby/storage_service.h"

#include "net/google_json.h"
#include "standby/storage_copy.h"
#include "standby/storage_download.h"
#include "standby/storage_listing.h"
#include "standby/storage_refusal.h"

namespace firebreak {
namespace {

constexpr int kNoContent = 204;

absl::Status unknown_call() {
  return not_served("this call");
}

}  // namespace

Result<std::unique_ptr<StorageService>> StorageService::open(const std::string& folder,
                                                             Clock& clock) {
  std::unique_ptr<StorageStore> store = TRY(StorageStore::open(folder, clock));
  return std::unique_ptr<StorageService>(new StorageService(std::move(store)));
}

StorageResponse StorageService::answer(const StorageRequest& request, const std::string& origin) {
  Answer<StorageResponse> answered = route(request, origin);
  // Nothing is acknowledged that a crash could undo, nor refused for the sake of it.
  const Result<void> durable = request.method == "GET" ? Result<void>() : store_->overlay().sync();
  if (!durable.ok()) return refused(status_of(durable.error()));
  return answered.ok() ? *std::move(answered) : refused(answered.status());
}

Answer<StorageResponse> StorageService::route(const StorageRequest& request,
                                              const std::string& origin) {
  const std::vector<std::string>& path = request.target.path;
  if (path.empty() || path[0] != "b") return not_found();
  const bool has_objects = path.size() >= 3 && path[2] == "o";
  if (request.target.base == StorageTarget::Base::Upload) {
    if (has_objects && path.size() == 3) return uploads_.answer(request, path[1], origin);
    return not_found();
  }
  if (path.size() == 1) return buckets(request, origin);
  if (path.size() == 2) return bucket(request, path[1], origin);
  if (has_objects && path.size() == 3) return objects(request, path[1], origin);
  if (has_objects && path.size() == 4) return object(request, path[1], path[3], origin);
  // ".../o/SOURCE/rewriteTo/b/BUCKET/o/TARGET"
  const bool is_copy = path.size() == 9 && has_objects && path[5] == "b" && path[7] == "o" &&
                       (path[4] == "rewriteTo" || path[4] == "copyTo");
  if (is_copy && request.method == "POST") return copy(request, origin);
  return unknown_call();
}

// Whole at once: there is no token to go on with.
Answer<StorageResponse> StorageService::copy(const StorageRequest& request,
                                             const std::string& origin) {
  const std::vector<std::string>& path = request.target.path;
  const ObjectVersion made =
      ANSWER(copy_object(*store_, request, {path[1], path[3]}, {path[6], path[8]}));
  nlohmann::json resource = object_answer(path[6], made, origin);
  if (path[4] == "copyTo") return json_response(resource);
  return json_response({{"kind", "storage#rewriteResponse"},
                        {"totalBytesRewritten", std::to_string(made.size())},
                        {"objectSize", std::to_string(made.size())},
                        {"done", true},
                        {"resource", std::move(resource)}});
}

Answer<StorageResponse> StorageService::buckets(const StorageRequest& request,
                                                const std::string& origin) {
  if (request.method == "GET") {
    const nlohmann::json page = ANSWER(list_buckets(store_->view(), request.target, origin));
    return json_response(page);
  }
  if (request.method != "POST") return unknown_call();
  const std::string project = request.target.parameter("project");
  if (project.empty()) return required("project");
  const nlohmann::json given = ANSWER(read_json(request));
  nlohmann::json made = ANSWER(store_->create_bucket(given, project));
  return json_response(bucket_answer(std::move(made), origin));
}

Answer<StorageResponse> StorageService::bucket(const StorageRequest& request,
                                               const std::string& name, const std::string& origin) {
  const StorageConditions conditions = ANSWER(parse_conditions(request.target));
  if (request.method == "GET") {
    nlohmann::json found = ANSWER(find_bucket(store_->view(), name));
    const std::uint64_t metageneration = number_at(found, "metageneration").value_or(0);
    ANSWER(check_conditions(conditions, 0, metageneration, true));
    return json_response(bucket_answer(std::move(found), origin));
  }
  if (request.method == "PATCH") {
    const nlohmann::json changes = ANSWER(read_json(request));
    nlohmann::json patched = ANSWER(store_->patch_bucket(name, changes, conditions));
    return json_response(bucket_answer(std::move(patched), origin));
  }
  if (request.method != "DELETE") return unknown_call();
  ANSWER(store_->remove_bucket(name, conditions));
  return StorageResponse{.status = kNoContent};
}

Answer<StorageResponse> StorageService::objects(const StorageRequest& request,
                                                const std::string& bucket,
                                                const std::string& origin) {
  if (request.method != "GET") return unknown_call();
  const StorageOverlay::View view = store_->view();
  ANSWER(find_bucket(view, bucket));
  const nlohmann::json page = ANSWER(list_objects(view, bucket, request.target, origin));
  return json_response(page);
}

Answer<StorageResponse> StorageService::object(const StorageRequest& request,
                                               const std::string& bucket, const std::string& name,
                                               const std::string& origin) {
  if (request.method == "GET") return read_object(request, bucket, name, origin);
  const StorageConditions conditions = ANSWER(parse_conditions(request.target));
  const std::optional<std::uint64_t> generation =
      ANSWER(number_parameter(request.target, "generation"));
  if (request.method == "PATCH") {
    const nlohmann::json changes = ANSWER(read_json(request));
    const ObjectVersion patched =
        ANSWER(store_->patch(bucket, name, generation, changes, conditions));
    return json_response(object_answer(bucket, patched, origin));
  }
  if (request.method != "DELETE") return unknown_call();
  ANSWER(store_->remove(bucket, name, generation, conditions));
  return StorageResponse{.status = kNoContent};
}

Answer<StorageResponse> StorageService::read_object(const StorageRequest& request,
                                                    const std::string& bucket,
                                                    const std::string& name,
                                                    const std::string& origin) {
  const StorageConditions conditions = ANSWER(parse_conditions(request.target));
  const std::optional<std::uint64_t> generation =
      ANSWER(number_parameter(request.target, "generation"));
  // Of this function, and of what reads on while the answer is sent.
  const auto view = std::make_shared<const StorageOverlay::View>(store_->view());
  const ObjectVersion version = ANSWER(find_object(*view, bucket, name, generation));
  ANSWER(check_conditions(conditions, version.generation, version.metageneration(), true));
  if (request.target.parameter("alt") == "media") return download(request, view, version);
  return json_response(object_answer(bucket, version, origin));
}

}  // namespace firebreak
