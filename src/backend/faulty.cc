#include "backend/faulty.h"

#include <algorithm>

namespace firebreak {
namespace {

bool can_strike(Fault fault, Operation operation) {
  switch (fault) {
    case Fault::Fail:
    case Fault::LoseAnswer:
    case Fault::Wait:
      return true;
    case Fault::ShortSave:
      return operation == Operation::Save;
    case Fault::ShortLoad:
    case Fault::CorruptLoad:
      return operation == Operation::Load;
    case Fault::ListOmits:
    case Fault::ListRepeats:
    case Fault::ListRemoved:
    case Fault::ListBreaks:
      return operation == Operation::List;
  }
  return false;
}

bool matches(const FaultRule& rule, Operation operation, FileType type) {
  return can_strike(rule.fault, operation) && (!rule.operation || *rule.operation == operation) &&
         (!rule.type || (operation != Operation::Create && *rule.type == type));
}

bool has_fault(const std::optional<FaultRule>& rule, Fault fault) {
  return rule && rule->fault == fault;
}

Error planned(const FaultRule& rule, std::string_view what) {
  Error planned = error(rule.code, "{}: a planned fault ({})", what, name(rule.fault));
  if (rule.retry_after) return std::move(planned).after(*rule.retry_after);
  return planned;
}

// Fails as planned once the call itself went well.
Result<void> answer(const std::optional<FaultRule>& rule, std::string_view what) {
  if (has_fault(rule, Fault::LoseAnswer)) return planned(*rule, what);
  return {};
}

Result<void> each_of(const std::vector<FileInfo>& files, const EachFile& each) {
  for (const FileInfo& file : files) TRY(each(file));
  return {};
}

}  // namespace

std::string_view name(Operation operation) {
  switch (operation) {
    case Operation::Create:
      return "create";
    case Operation::Save:
      return "save";
    case Operation::Load:
      return "load";
    case Operation::Stat:
      return "stat";
    case Operation::List:
      return "list";
    case Operation::Remove:
      return "remove";
  }
  return "";
}

std::string_view name(Fault fault) {
  switch (fault) {
    case Fault::Fail:
      return "fail";
    case Fault::LoseAnswer:
      return "lose answer";
    case Fault::ShortSave:
      return "short save";
    case Fault::ShortLoad:
      return "short load";
    case Fault::CorruptLoad:
      return "corrupt load";
    case Fault::ListOmits:
      return "list omits";
    case Fault::ListRepeats:
      return "list repeats";
    case Fault::ListRemoved:
      return "list removed";
    case Fault::ListBreaks:
      return "list breaks";
    case Fault::Wait:
      return "wait";
  }
  return "";
}

FaultyBackend::FaultyBackend(Backend& inner, Clock& clock, std::uint64_t seed)
    : inner_(inner), clock_(clock), random_(seed) {}

void FaultyBackend::set_plan(std::vector<FaultRule> rules) {
  const MutexLock lock(mutex_);
  rules_.clear();
  for (FaultRule& rule : rules) rules_.push_back({rule});
  calls_.clear();
  faults_ = 0;
}

std::vector<BackendCall> FaultyBackend::calls() const {
  const MutexLock lock(mutex_);
  return calls_;
}

std::uint64_t FaultyBackend::faults() const {
  const MutexLock lock(mutex_);
  return faults_;
}

Result<void> FaultyBackend::create(std::stop_token stop) {
  const auto rule = TRY(strike(Operation::Create, {}, stop));
  TRY(inner_.create(stop));
  return answer(rule, "create");
}

Result<void> FaultyBackend::save(const FileName& file, ByteView bytes, std::stop_token stop) {
  const auto rule = TRY(strike(Operation::Save, file, stop));
  if (has_fault(rule, Fault::ShortSave)) bytes = bytes.first(bytes.size() / 2);
  TRY(inner_.save(file, bytes, stop));
  return answer(rule, to_string(file));
}

Result<Bytes> FaultyBackend::load(const FileName& file, Range range, Bytes buffer,
                                  std::stop_token stop) {
  const auto rule = TRY(strike(Operation::Load, file, stop));
  Bytes bytes = TRY(inner_.load(file, range, std::move(buffer), stop));
  if (has_fault(rule, Fault::ShortLoad)) bytes.resize(bytes.size() / 2);
  if (has_fault(rule, Fault::CorruptLoad) && !bytes.empty()) {
    const std::uint64_t bit = below(bytes.size() * 8);
    bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
  }
  TRY(answer(rule, to_string(file)));
  return bytes;
}

Result<FileInfo> FaultyBackend::stat(const FileName& file, std::stop_token stop) {
  const auto rule = TRY(strike(Operation::Stat, file, stop));
  FileInfo info = TRY(inner_.stat(file, stop));
  TRY(answer(rule, to_string(file)));
  return info;
}

Result<void> FaultyBackend::list(FileType type, const EachFile& each, std::stop_token stop) {
  const auto rule = TRY(strike(Operation::List, {type, {}}, stop));
  if (!rule || rule->fault == Fault::Wait) return inner_.list(type, each, stop);
  std::vector<FileInfo> files = TRY(list_all(inner_, type, stop));
  std::sort(files.begin(), files.end(),
            [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
  switch (rule->fault) {
    case Fault::ListOmits: {
      if (files.empty()) break;
      const std::string omitted = files[below(files.size())].name;
      std::erase_if(files,
                    [&](const FileInfo& file) { return file.name == omitted || below(2) == 0; });
      break;
    }
    case Fault::ListRepeats: {
      const std::vector<FileInfo> again = files;
      files.insert(files.end(), again.begin(), again.end());
      break;
    }
    case Fault::ListRemoved: {
      const MutexLock lock(mutex_);
      for (const auto& [file, size] : removed_) {
        if (file.type == type) files.push_back({file.name, size});
      }
      break;
    }
    case Fault::ListBreaks:
      files.resize(files.size() / 2);
      TRY(each_of(files, each));
      return planned(*rule, folder(type));
    default:
      break;
  }
  TRY(each_of(files, each));
  return answer(rule, folder(type));
}

// One of the listings, to a plan.
Result<std::vector<Stray>> FaultyBackend::find_strays(std::stop_token stop) {
  const auto rule = TRY(strike(Operation::List, {FileType::Pack, {}}, stop));
  std::vector<Stray> strays = TRY(inner_.find_strays(stop));
  if (has_fault(rule, Fault::ListBreaks)) return planned(*rule, "strays");
  TRY(answer(rule, "strays"));
  return strays;
}

Result<void> FaultyBackend::remove(const FileName& file, std::stop_token stop) {
  const auto rule = TRY(strike(Operation::Remove, file, stop));
  const Result<FileInfo> before = inner_.stat(file, stop);
  TRY(inner_.remove(file, stop));
  if (before.ok()) {
    const MutexLock lock(mutex_);
    removed_.insert_or_assign(file, before->size);
  }
  return answer(rule, to_string(file));
}

Result<std::optional<FaultRule>> FaultyBackend::strike(Operation operation, const FileName& file,
                                                       std::stop_token stop) {
  std::optional<FaultRule> struck;
  {
    const MutexLock lock(mutex_);
    calls_.push_back({operation, file});
    for (CountedRule& counted : rules_) {
      const FaultRule& rule = counted.rule;
      if (!matches(rule, operation, file.type)) continue;
      const std::uint64_t call = ++counted.matched;
      if (call < rule.first || call - rule.first >= rule.count) continue;
      if (rule.percent < 100 && random_.below(100) >= rule.percent) continue;
      if (!struck) struck = rule;
    }
    if (struck) ++faults_;
  }
  if (!struck) return struck;
  if (struck->fault == Fault::Fail) {
    return planned(*struck, fmt::format("{} {}", name(operation), to_string(file)));
  }
  if (struck->fault == Fault::Wait && !clock_.wait(struck->wait, stop)) {
    return error(Code::Canceled, "stopped during a planned wait");
  }
  return struck;
}

std::uint64_t FaultyBackend::below(std::uint64_t limit) {
  const MutexLock lock(mutex_);
  return random_.below(limit);
}

}  // namespace firebreak
