#include "rows/difference.hpp"

#include "duckdb/common/types/uhugeint.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "python/errors.hpp"
#include "rows/collected.hpp"

#include <algorithm>
#include <unordered_map>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr column_t EXACT = 0;
constexpr column_t CONTENT = 1;
constexpr column_t ROW_KEY = 2;
constexpr column_t AT = 3;
constexpr column_t ROW_ID = 4;
constexpr idx_t PAST_ROW = ROW_ID;
constexpr idx_t FRESH_ROW = ROW_KEY + 1;
constexpr idx_t NONE = DConstants::INVALID_INDEX;

//! Rows by fingerprint, each of which is handed out once. Fingerprints are hashes already.
class Pool {
public:
	Pool(BufferManager &buffers, idx_t capacity)
	    : slots(NextPowerOfTwo(MaxValue<idx_t>(capacity + capacity / 2, 8)), NONE), buffers(buffers),
	      reserved(capacity * sizeof(Entry) + slots.size() * sizeof(idx_t)) {
		buffers.ReserveMemory(reserved);
		entries.reserve(capacity);
	}
	~Pool() {
		buffers.FreeReservedMemory(reserved);
	}
	Pool(const Pool &) = delete;
	Pool &operator=(const Pool &) = delete;

	void Add(uhugeint_t fingerprint, idx_t row) {
		auto &first = Find(fingerprint);
		auto added = entries.size();
		entries.push_back({fingerprint, row, NONE});
		if (first == NONE) {
			first = added;
		} else {
			std::swap(entries[first].next, entries[added].next);
			entries[first].next = added;
		}
	}

	//! A row with this fingerprint, or NONE.
	idx_t Take(uhugeint_t fingerprint) {
		auto first = Find(fingerprint);
		if (first == NONE) {
			return NONE;
		}
		auto &entry = entries[first];
		if (entry.next == NONE) {
			return std::exchange(entry.row, NONE);
		}
		auto &other = entries[entry.next];
		entry.next = other.next;
		return other.row;
	}

private:
	//! The first entry of a fingerprint stays where it is found, and is handed out last.
	struct Entry {
		uhugeint_t fingerprint;
		idx_t row;
		idx_t next;
	};

	idx_t &Find(uhugeint_t fingerprint) {
		auto mask = slots.size() - 1;
		for (auto i = fingerprint.lower & mask;; i = (i + 1) & mask) {
			if (slots[i] == NONE || entries[slots[i]].fingerprint == fingerprint) {
				return slots[i];
			}
		}
	}

	std::vector<idx_t> slots;
	std::vector<Entry> entries;
	BufferManager &buffers;
	idx_t reserved;
};

//! Calls `visit(fingerprint, row)` for the rows of a collection that have one in a column.
template <class VISIT>
void ForEach(const ColumnDataCollection &rows, column_t column, VISIT &&visit) {
	idx_t row = 0;
	for (auto &chunk : rows.Chunks({column})) {
		chunk.Flatten();
		auto &vector = chunk.data[0];
		auto fingerprints = FlatVector::GetData<uhugeint_t>(vector);
		for (idx_t i = 0; i < chunk.size(); i++, row++) {
			if (FlatVector::Validity(vector).RowIsValid(i)) {
				visit(fingerprints[i], row);
			}
		}
	}
}

enum class Past : uint8_t { GONE, REPLACED, STAYED, MOVED };
enum class Fresh : uint8_t { CAME, UPDATES, STAYED, MOVED };

//! What becomes of the rows of each side.
class Match {
public:
	Match(BufferManager &buffers, const ColumnDataCollection &past_rows, const ColumnDataCollection &fresh_rows)
	    : past(past_rows.Count(), Past::GONE), fresh(fresh_rows.Count(), Fresh::CAME), sources(fresh_rows.Count(), NONE),
	      buffers(buffers), past_rows(past_rows), fresh_rows(fresh_rows) {
		Pair(EXACT, Past::STAYED, Fresh::STAYED);
		Pair(CONTENT, Past::MOVED, Fresh::MOVED);
		Pair(ROW_KEY, Past::REPLACED, Fresh::UPDATES);
	}

	std::vector<Past> past;
	std::vector<Fresh> fresh;
	//! The past row of each fresh one that has a pair.
	std::vector<idx_t> sources;

private:
	//! Pairs rows of the same fingerprint, of those that have no pair yet.
	void Pair(column_t fingerprint, Past becomes, Fresh is) {
		auto left = NumericCast<idx_t>(std::count(past.begin(), past.end(), Past::GONE));
		if (left == 0 || std::find(fresh.begin(), fresh.end(), Fresh::CAME) == fresh.end()) {
			return;
		}
		Pool pool(buffers, left);
		ForEach(past_rows, fingerprint, [&](uhugeint_t given, idx_t row) {
			if (past[row] == Past::GONE) {
				pool.Add(given, row);
			}
		});
		ForEach(fresh_rows, fingerprint, [&](uhugeint_t given, idx_t row) {
			if (fresh[row] != Fresh::CAME) {
				return;
			}
			auto source = pool.Take(given);
			if (source != NONE) {
				sources[row] = source;
				past[source] = becomes;
				fresh[row] = is;
			}
		});
	}

	BufferManager &buffers;
	const ColumnDataCollection &past_rows;
	const ColumnDataCollection &fresh_rows;
};

//! Collects some rows of a query, with columns of its own behind.
class Subset {
public:
	Subset(ClientContext &context, const Collected &query, idx_t first_column,
	       const std::vector<std::pair<const char *, LogicalType>> &added)
	    : first_column(first_column) {
		auto types = query.rows->Types();
		types.erase(types.begin(), types.begin() + NumericCast<int64_t>(first_column));
		collected.names.assign(query.names.begin() + NumericCast<int64_t>(first_column), query.names.end());
		for (auto &column : added) {
			types.push_back(column.second);
			collected.names.emplace_back(column.first);
			values.emplace_back(column.second);
		}
		collected.rows = make_uniq<ColumnDataCollection>(context, types);
		collected.rows->InitializeAppend(state);
		out.InitializeEmpty(types);
	}

	//! Selects a row of the chunk that is appended next; returns its place in the added columns.
	idx_t Select(idx_t row) {
		selection.set_index(count, row);
		return count++;
	}

	Vector &Added(idx_t column) {
		return values[column];
	}

	void Append(DataChunk &chunk) {
		if (count == 0) {
			return;
		}
		auto copied = chunk.ColumnCount() - first_column;
		for (idx_t i = 0; i < copied; i++) {
			out.data[i].Slice(chunk.data[first_column + i], selection, count);
		}
		for (idx_t i = 0; i < values.size(); i++) {
			FlatVector::SetSize(values[i], count);
			out.data[copied + i].Reference(values[i]);
		}
		out.CheckCardinality(count);
		collected.rows->Append(state, out);
		for (auto &vector : values) {
			FlatVector::ValidityMutable(vector).Reset();
		}
		count = 0;
	}

	Collected collected;

private:
	idx_t first_column;
	ColumnDataAppendState state;
	DataChunk out;
	std::vector<Vector> values;
	SelectionVector selection {STANDARD_VECTOR_SIZE};
	idx_t count = 0;
};

//! Of the past rows that have a pair which is written: what fresh rows need of them.
struct Sources {
	std::unordered_map<idx_t, uhugeint_t> replaced;
	std::unordered_map<idx_t, int64_t> moved;
};

Collected Gone(ClientContext &context, const Collected &past, const Match &match, Sources &sources) {
	Subset gone(context, past, PAST_ROW, {{"coco_replaced", LogicalType::BOOLEAN}});
	auto replaced = FlatVector::GetDataMutable<bool>(gone.Added(0));
	idx_t row = 0;
	for (auto &chunk : past.rows->Chunks()) {
		chunk.data[AT].Flatten();
		chunk.data[ROW_ID].Flatten();
		for (idx_t i = 0; i < chunk.size(); i++, row++) {
			auto becomes = match.past[row];
			if (becomes == Past::MOVED) {
				sources.moved[row] = FlatVector::GetData<int64_t>(chunk.data[ROW_ID])[i];
			} else if (becomes != Past::STAYED) {
				replaced[gone.Select(i)] = becomes == Past::REPLACED;
			}
			if (becomes == Past::REPLACED) {
				sources.replaced[row] = FlatVector::GetData<uhugeint_t>(chunk.data[AT])[i];
			}
		}
		gone.Append(chunk);
	}
	return std::move(gone.collected);
}

std::pair<Collected, Collected> CameAndMoved(ClientContext &context, const Collected &fresh, const Match &match,
                                             const Sources &sources) {
	Subset came(context, fresh, FRESH_ROW,
	            {{"coco_replaces", LogicalType::UHUGEINT}, {"coco_number", LogicalType::BIGINT}});
	Subset moved(context, fresh, FRESH_ROW, {{"coco_rowid", LogicalType::BIGINT}});
	auto replaces = FlatVector::GetDataMutable<uhugeint_t>(came.Added(0));
	auto number = FlatVector::GetDataMutable<int64_t>(came.Added(1));
	auto row_id = FlatVector::GetDataMutable<int64_t>(moved.Added(0));
	idx_t row = 0;
	int64_t next = 0;
	for (auto &chunk : fresh.rows->Chunks()) {
		for (idx_t i = 0; i < chunk.size(); i++, row++) {
			auto fate = match.fresh[row];
			if (fate == Fresh::STAYED) {
				continue;
			}
			if (fate == Fresh::MOVED) {
				row_id[moved.Select(i)] = sources.moved.at(match.sources[row]);
				continue;
			}
			auto place = came.Select(i);
			number[place] = next++;
			if (fate == Fresh::UPDATES) {
				replaces[place] = sources.replaced.at(match.sources[row]);
			} else {
				FlatVector::SetNull(came.Added(0), place, true);
			}
		}
		came.Append(chunk);
		moved.Append(chunk);
	}
	return {std::move(came.collected), std::move(moved.collected)};
}

} // namespace

Difference FindDifference(Session &session, const std::string &past_sql, const std::string &fresh_sql,
                          const std::string &prefix) {
	auto past = CollectRows(session, past_sql);
	auto fresh = CollectRows(session, fresh_sql);
	auto &context = *session.connection.context;
	Match match(BufferManager::GetBufferManager(context), *past.rows, *fresh.rows);
	Sources sources;
	auto gone = Gone(context, past, match, sources);
	auto [came, moved] = CameAndMoved(context, fresh, match, sources);
	Difference difference;
	difference.gone = gone.rows->Count();
	difference.came = came.rows->Count();
	difference.moved = moved.rows->Count();
	difference.updated = sources.replaced.size();
	Keep(session, prefix + "gone", std::move(gone));
	Keep(session, prefix + "came", std::move(came));
	Keep(session, prefix + "moved", std::move(moved));
	return difference;
}

void BindDifference(nanobind::module_ &module) {
	nanobind::class_<Difference>(module, "Difference")
	    .def_ro("gone", &Difference::gone)
	    .def_ro("came", &Difference::came)
	    .def_ro("moved", &Difference::moved)
	    .def_ro("updated", &Difference::updated);
}

} // namespace cocosql
