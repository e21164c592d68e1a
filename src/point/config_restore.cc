#include "point/config_restore.h"

#include <algorithm>
#include <set>

#include "config/config_description.h"
#include "net/google_json.h"

namespace firebreak {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds kFirstWait(500);
constexpr std::chrono::milliseconds kWaitMax(10'000);

TemplateKind template_kind(const ConfigItem& item) {
  return item.place == "client" ? TemplateKind::Client : TemplateKind::Server;
}

// "databases/(default)/collectionGroups/…" → "databases/(default)".
std::string database_of(const ConfigItem& item) {
  return item.place.substr(0, item.place.find('/', item.place.find('/') + 1));
}

class ConfigRestore {
 public:
  ConfigRestore(ConfigClient& target, const ConfigRestoreOptions& options,
                ProjectRestoreProgress& progress, Clock& clock)
      : target_(target), options_(options), progress_(progress), clock_(clock) {}

  Result<void> run(const Json& config, const std::string& project, std::stop_token stop);

 private:
  // What is to be done to an item; either may be null, not both.
  struct Step {
    RestoreAction action;
    const ConfigItem* wanted;
    const ConfigItem* there;
    const ConfigItem& item() const { return wanted != nullptr ? *wanted : *there; }
  };

  Result<ConfigItems> read_target(std::stop_token stop);
  RestoreAction decide(const ConfigItem* wanted, const ConfigItem* there) const;
  // Why a step is not taken; nothing where it may be.
  std::optional<Error> refusal(const Step& step) const;
  Result<void> take(const Step& step, std::stop_token stop);
  Result<void> write(const Step& step, std::stop_token stop);
  Result<void> patch(const ConfigItem& item, const std::string& mask, const Json& changes,
                     std::stop_token stop);
  Result<void> write_release(const Step& step, std::stop_token stop);
  Result<void> write_template(const Step& step, std::stop_token stop);
  Result<void> wait_until_built(std::stop_token stop);
  Result<std::size_t> count_unbuilt_indexes(std::stop_token stop);
  Result<void> read_back(std::stop_token stop);
  void fail(const ConfigItem& item, const Error& problem);
  std::string whole_name(const std::string& place) const {
    return fmt::format("projects/{}/{}", target_.project(), place);
  }

  ConfigClient& target_;
  const ConfigRestoreOptions& options_;
  ProjectRestoreProgress& progress_;
  Clock& clock_;
  std::string project_;  // of the point
  ConfigItems wanted_;
  ConfigItems there_;
  std::vector<Step> written_;
  std::vector<std::pair<std::string, const ConfigItem*>> operations_;  // under way
};

void ConfigRestore::fail(const ConfigItem& item, const Error& problem) {
  ++(is(problem, Code::Conflict) ? progress_.conflicts : progress_.refused);
  if (options_.on_failure) options_.on_failure(item.label, problem);
}

Result<ConfigItems> ConfigRestore::read_target(std::stop_token stop) {
  const Json config = TRY(describe_config(target_, std::move(stop)));
  return config_items(config, target_.project(), target_.project());
}

RestoreAction ConfigRestore::decide(const ConfigItem* wanted, const ConfigItem* there) const {
  if (there == nullptr) return RestoreAction::Create;
  const bool exact = options_.mode == RestoreMode::Exact;
  if (wanted == nullptr) return exact ? RestoreAction::Delete : RestoreAction::Keep;
  if (wanted->content == there->content) return RestoreAction::Same;
  return options_.mode == RestoreMode::Missing ? RestoreAction::Keep : RestoreAction::Change;
}

std::optional<Error> ConfigRestore::refusal(const Step& step) const {
  const ConfigItem& item = step.item();
  const bool writes = step.action == RestoreAction::Create || step.action == RestoreAction::Change;
  if (item.kind == ConfigKind::Database && step.action == RestoreAction::Delete) {
    return error(Code::Invalid, "the point does not have it; databases are not deleted");
  }
  if (!writes) return {};
  if (item.kind != ConfigKind::Template && item.kind != ConfigKind::Release &&
      !there_.contains({ConfigKind::Database, database_of(item)})) {
    return error(Code::NotFound,
                 "there is no such database; make it with gcloud firestore databases create, then "
                 "restore again");
  }
  if (item.kind == ConfigKind::Ttl && !options_.with_ttl) {
    return error(Code::Invalid,
                 "not turned on: the service would delete every document whose time has passed; "
                 "when the data has been looked at, give --with-ttl");
  }
  return {};
}

Result<void> ConfigRestore::patch(const ConfigItem& item, const std::string& mask,
                                  const Json& changes, std::stop_token stop) {
  const std::string operation =
      TRY(target_.patch(whole_name(item.place), mask, changes, std::move(stop)));
  if (!operation.empty()) operations_.emplace_back(operation, &item);
  return {};
}

// A ruleset never changes; what a release says is what changes.
Result<void> ConfigRestore::write_release(const Step& step, std::stop_token stop) {
  const ConfigItem& item = step.item();
  const std::string release = whole_name(item.place);
  std::string now;
  for (const Json& one : TRY(target_.list_releases(stop))) {
    if (text_at(one, "name") == release) now = text_at(one, "rulesetName");
  }
  if (now != (step.there == nullptr ? "" : step.there->name)) {
    return error(Code::Conflict, "somebody has changed it meanwhile; restore again");
  }
  if (step.wanted == nullptr) return target_.remove_release(release, std::move(stop));
  Json ruleset{{"source", step.wanted->content}};
  // Elsewhere it would name the number of the point's project.
  if (!item.attachment_point.empty() && project_ == target_.project()) {
    ruleset["attachmentPoint"] = item.attachment_point;
  }
  const std::string made = TRY(target_.create_ruleset(ruleset, stop));
  return target_.set_release(release, made, std::move(stop));
}

Result<void> ConfigRestore::write_template(const Step& step, std::stop_token stop) {
  const TemplateKind kind = template_kind(step.item());
  const ConfigClient::Template now = TRY(target_.read_template(kind, stop));
  if (template_content(now.content) !=
      (step.there == nullptr ? Json::object() : step.there->content)) {
    return error(Code::Conflict, "somebody has changed it meanwhile; restore again");
  }
  const Json content = step.wanted == nullptr ? Json::object() : step.wanted->content;
  return target_.write_template(kind, {content, now.etag}, std::move(stop));
}

Result<void> ConfigRestore::write(const Step& step, std::stop_token stop) {
  const ConfigItem& item = step.item();
  const bool removes = step.wanted == nullptr;
  switch (item.kind) {
    case ConfigKind::Database: {
      std::string mask;
      for (const auto& setting : item.content.items()) {
        mask += (mask.empty() ? "" : ",") + setting.key();
      }
      return patch(item, mask, item.content, std::move(stop));
    }
    case ConfigKind::Field:
      return patch(item, "indexConfig",
                   removes ? Json::object() : Json{{"indexConfig", item.content}}, std::move(stop));
    case ConfigKind::Ttl:
      return patch(item, "ttlConfig", removes ? Json::object() : Json{{"ttlConfig", item.content}},
                   std::move(stop));
    case ConfigKind::Index: {
      if (removes) return target_.remove_index(item.name, std::move(stop));
      const std::string operation =
          TRY(target_.create_index(whole_name(item.place), item.content, std::move(stop)));
      if (!operation.empty()) operations_.emplace_back(operation, &item);
      return {};
    }
    case ConfigKind::Template:
      return write_template(step, std::move(stop));
    case ConfigKind::Release:
      return write_release(step, std::move(stop));
  }
  return {};
}

Result<void> ConfigRestore::take(const Step& step, std::stop_token stop) {
  progress_.count(step.action);
  const ConfigItem& item = step.item();
  if (options_.on_item) options_.on_item(step.action, item.label);
  if (step.action == RestoreAction::Same || step.action == RestoreAction::Keep) return {};
  if (std::optional<Error> why = refusal(step)) {
    fail(item, *why);
    return {};
  }
  if (options_.dry_run) return {};
  const Result<void> done = write(step, stop);
  if (done.ok()) {
    ++progress_.written;
    written_.push_back(step);
    return {};
  }
  if (is(done.error(), Code::Canceled) || stop.stop_requested()) return done;
  fail(item, done.error());
  return {};
}

// Of the indexes that were there, and that the point has: an earlier run may have asked for them.
Result<std::size_t> ConfigRestore::count_unbuilt_indexes(std::stop_token stop) {
  std::set<std::string> databases;
  std::set<std::string> names;
  for (const auto& [key, item] : there_) {
    if (item.kind != ConfigKind::Index || !wanted_.contains(key)) continue;
    databases.insert(database_of(item));
    names.insert(item.name);
  }
  std::size_t count = 0;
  for (const std::string& database : databases) {
    for (const Json& index : TRY(target_.list_indexes(whole_name(database), stop))) {
      if (text_at(index, "state") == "CREATING" && names.contains(text_at(index, "name"))) ++count;
    }
  }
  return count;
}

Result<void> ConfigRestore::wait_until_built(std::stop_token stop) {
  std::chrono::milliseconds wait = kFirstWait;
  std::size_t told = 0;
  for (;;) {
    for (auto at = operations_.begin(); at != operations_.end();) {
      const Result<bool> done = target_.is_done(at->first, stop);
      if (done.ok() && !*done) {
        ++at;
        continue;
      }
      if (!done.ok()) {
        if (is(done.error(), Code::Canceled)) return done.error();
        fail(*at->second, done.error());
      }
      at = operations_.erase(at);
    }
    const std::size_t unbuilt = TRY(count_unbuilt_indexes(stop));
    const std::size_t left = std::max(operations_.size(), unbuilt);
    if (left == 0) return {};
    if (left != told && options_.on_building) options_.on_building(left);
    told = left;
    if (!clock_.wait(wait, stop)) {
      return error(Code::Canceled, "stopped; {} indexes go on being built", left);
    }
    wait = std::min(wait * 3 / 2, kWaitMax);
  }
}

Result<void> ConfigRestore::read_back(std::stop_token stop) {
  if (written_.empty()) return {};
  const ConfigItems now = TRY(read_target(std::move(stop)));
  for (const Step& step : written_) {
    const bool removed = step.wanted == nullptr;
    const auto same = [&](const auto& entry) {
      return entry.second.kind == step.item().kind && entry.second.label == step.item().label &&
             (removed || entry.second.content == step.wanted->content);
    };
    if (std::ranges::any_of(now, same) == removed) {
      fail(step.item(), error(Code::Conflict, "it is not as it was written; restore again"));
    }
  }
  return {};
}

Result<void> ConfigRestore::run(const Json& config, const std::string& project,
                                std::stop_token stop) {
  project_ = project;
  wanted_ = TRY(config_items(config, project, target_.project()));
  there_ = TRY(read_target(stop));
  progress_.in_point = wanted_.size();
  progress_.in_target = there_.size();
  std::map<std::pair<ConfigKind, std::string>, Step> steps;
  for (const auto& [key, item] : wanted_) {
    const auto found = there_.find(key);
    const ConfigItem* const there = found == there_.end() ? nullptr : &found->second;
    steps.emplace(key, Step{decide(&item, there), &item, there});
  }
  for (const auto& [key, item] : there_) {
    if (!wanted_.contains(key)) steps.emplace(key, Step{decide(nullptr, &item), nullptr, &item});
  }
  bool is_built = false;
  for (const auto& [key, step] : steps) {
    if (key.first > ConfigKind::Index && !options_.dry_run && !std::exchange(is_built, true)) {
      TRY(wait_until_built(stop));
    }
    TRY(take(step, stop));
  }
  if (options_.dry_run) return {};
  TRY(wait_until_built(stop));
  return read_back(std::move(stop));
}

}  // namespace

Result<void> restore_config(const Json& config, const std::string& project, ConfigClient& target,
                            const ConfigRestoreOptions& options, ProjectRestoreProgress& progress,
                            Clock& clock, std::stop_token stop) {
  return ConfigRestore(target, options, progress, clock).run(config, project, std::move(stop));
}

}  // namespace firebreak
