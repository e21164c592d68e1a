#include "standby/run_query.h"

#include <algorithm>

#include "standby/names.h"

namespace firebreak {
namespace {

constexpr std::size_t kSortedBytesMax = 256 << 20;

// A document with the values that it is ordered by, which point into its record.
struct SortedRow {
  Bytes record;
  Row row;
  std::vector<ValueView> keys;
};

// Where a row lies to a bound, in the direction of the query.
std::weak_ordering against(const Query& query, const std::vector<ValueView>& keys,
                           const Query::Bound& bound, const ValueOrder& order) {
  for (std::size_t at = 0; at < bound.values.size(); ++at) {
    const Result<ValueView> value = ValueView::parse(bound.values[at]);
    if (!value.ok()) return std::weak_ordering::equivalent;
    const std::weak_ordering one = order.compare(keys[at], *value);
    if (one != 0) return query.orders[at].is_descending ? 0 <=> one : one;
  }
  return std::weak_ordering::equivalent;
}

bool is_within(const Query& query, const std::vector<ValueView>& keys, const ValueOrder& order) {
  if (query.start) {
    const std::weak_ordering place = against(query, keys, *query.start, order);
    if (place < 0 || (place == 0 && !query.start->is_included)) return false;
  }
  if (query.end) {
    const std::weak_ordering place = against(query, keys, *query.end, order);
    if (place > 0 || (place == 0 && !query.end->is_included)) return false;
  }
  return true;
}

// Nothing where a field is missing: such documents are not in the order.
std::optional<std::vector<ValueView>> keys_of(const Query& query, const Row& row) {
  std::vector<ValueView> keys;
  for (const Query::Order& order : query.orders) {
    const std::optional<ValueView> value = row.value(order.field);
    if (!value) return std::nullopt;
    keys.push_back(*value);
  }
  return keys;
}

// The path that a name in a filter or cursor means; nothing for other databases' names.
std::optional<std::string> path_of(const Bytes& operand) {
  const Result<ValueView> value = ValueView::parse(operand);
  if (!value.ok() || value->type() != ValueType::Reference) return std::nullopt;
  const std::string_view text = as_text(value->bytes());
  if (!text.starts_with('/')) return std::nullopt;
  return std::string(text.substr(1));
}

// What filters and cursors say of names bounds the scan; they are checked again on each row.
class NameBounds {
 public:
  explicit NameBounds(ScanOptions& options) : options_(options) {}

  void add(const Filter& filter) {
    if (filter.kind == Filter::Kind::And) {
      for (const Filter& child : filter.children) add(child);
      return;
    }
    if (!is_name(filter.field) || filter.operands.size() != 1) return;
    const std::optional<std::string> path = path_of(filter.operands.front());
    if (!path) return;
    switch (filter.kind) {
      case Filter::Kind::Equal:
        set(options_.lower, {*path, true});
        set(options_.upper, {*path, true});
        break;
      case Filter::Kind::Less:
      case Filter::Kind::LessOrEqual:
        set(options_.upper, {*path, filter.kind == Filter::Kind::LessOrEqual});
        break;
      case Filter::Kind::Greater:
      case Filter::Kind::GreaterOrEqual:
        set(options_.lower, {*path, filter.kind == Filter::Kind::GreaterOrEqual});
        break;
      default:
        break;
    }
  }

  void add(const Query& query) {
    add(query.where);
    if (!is_name(query.orders.front().field)) return;
    const bool is_descending = query.orders.front().is_descending;
    add(query.start, is_descending ? options_.upper : options_.lower);
    add(query.end, is_descending ? options_.lower : options_.upper);
  }

 private:
  using Bound = ScanOptions::NameBound;

  void add(const std::optional<Query::Bound>& bound, std::optional<Bound>& to) {
    if (!bound || bound->values.empty()) return;
    const std::optional<std::string> path = path_of(bound->values.front());
    if (path) set(to, {*path, bound->is_included});
  }
  // One of several is enough.
  static void set(std::optional<Bound>& to, Bound bound) {
    if (!to) to = std::move(bound);
  }

  ScanOptions& options_;
};

// Hands out rows behind the offset up to the limit.
class Window {
 public:
  Window(const Query& query, const EachRecord& each) : query_(query), each_(each) {}

  // False when no more are wanted.
  Answer<bool> take(ByteView record) {
    if (query_.limit && given_ >= *query_.limit) return false;
    if (skipped_ < query_.offset) {
      ++skipped_;
      return true;
    }
    ++given_;
    return each_(record);
  }
  bool is_full() const { return query_.limit && given_ >= *query_.limit; }
  std::int64_t skipped() const { return skipped_; }

 private:
  const Query& query_;
  const EachRecord& each_;
  std::int64_t skipped_ = 0;
  std::int64_t given_ = 0;
};

class Sorter {
 public:
  Sorter(const Query& query, const ValueOrder& order) : query_(query), order_(order) {
    if (query.limit) kept_ = static_cast<std::size_t>(query.offset + *query.limit);
  }

  absl::Status add(ByteView record) {
    Bytes copy(record.begin(), record.end());
    Row row = ANSWER(Row::parse(copy));
    std::optional<std::vector<ValueView>> keys = keys_of(query_, row);
    CHECK(keys.has_value());
    bytes_ += copy.size() + sizeof(SortedRow);
    rows_.push_back({std::move(copy), std::move(row), *std::move(keys)});
    if (kept_ && rows_.size() > 2 * *kept_ + 1000) drop_surplus();
    if (bytes_ <= kSortedBytesMax) return {};
    return refuse(absl::StatusCode::kResourceExhausted,
                  "This query must be sorted without an index and takes more than {} MiB: order it "
                  "by __name__, or limit it.",
                  kSortedBytesMax >> 20);
  }

  absl::Status hand_out(Window& window) {
    std::sort(rows_.begin(), rows_.end(),
              [&](const SortedRow& a, const SortedRow& b) { return comes_first(a, b); });
    for (const SortedRow& row : rows_) {
      if (!ANSWER(window.take(row.record))) return {};
    }
    return {};
  }

 private:
  bool comes_first(const SortedRow& a, const SortedRow& b) const {
    for (std::size_t at = 0; at < query_.orders.size(); ++at) {
      const std::weak_ordering one = order_.compare(a.keys[at], b.keys[at]);
      if (one != 0) return query_.orders[at].is_descending ? one > 0 : one < 0;
    }
    return false;
  }

  void drop_surplus() {
    const auto last = rows_.begin() + static_cast<std::ptrdiff_t>(*kept_);
    std::nth_element(rows_.begin(), last, rows_.end(),
                     [&](const SortedRow& a, const SortedRow& b) { return comes_first(a, b); });
    for (auto row = last; row != rows_.end(); ++row) {
      bytes_ -= row->record.size() + sizeof(SortedRow);
    }
    rows_.erase(last, rows_.end());
  }

  const Query& query_;
  const ValueOrder& order_;
  std::optional<std::size_t> kept_;  // more are not asked for
  std::vector<SortedRow> rows_;
  std::size_t bytes_ = 0;
};

}  // namespace

Answer<Scan> begin_scan(const Moment& moment, const Query& query) {
  ScanOptions options;
  options.parent = query.parent;
  options.collection_id = query.collection_id;
  options.has_all_descendants = query.has_all_descendants;
  NameBounds(options).add(query);
  Scan scan =
      ANSWER(Scan::begin(moment.documents, moment.database, moment.time, std::move(options)));
  return scan;
}

Answer<std::int64_t> run_query(const Moment& moment, const Query& query, Scan scan,
                               const EachRecord& each) {
  const ValueOrder order(documents_of(moment.database));
  Window window(query, each);
  Sorter sorter(query, order);
  const bool is_in_order = query.orders.size() == 1 && !query.orders.front().is_descending;
  while (!window.is_full() && ANSWER(scan.next())) {
    const Row row = ANSWER(Row::parse(scan.record()));
    if (!matches(query.where, row, order)) continue;
    const std::optional<std::vector<ValueView>> keys = keys_of(query, row);
    if (!keys || !is_within(query, *keys, order)) continue;
    if (!is_in_order) {
      ANSWER(sorter.add(scan.record()));
    } else if (!ANSWER(window.take(scan.record()))) {
      return window.skipped();
    }
  }
  ANSWER(sorter.hand_out(window));
  return window.skipped();
}

}  // namespace firebreak
