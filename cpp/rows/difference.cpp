#include "rows/difference.hpp"

#include "duckdb/common/types/uhugeint.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/memory.hpp"
#include "python/errors.hpp"
#include "rows/collected.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr column_t EXACT = 0;
constexpr column_t CONTENT = 1;
constexpr column_t ROW_KEY = 2;
constexpr column_t AT = 3;
constexpr column_t ROW_ID = 4;
constexpr idx_t NONE = DConstants::INVALID_INDEX;

//! Rows by fingerprint, each of which is handed out once. Fingerprints are hashes already.
class Pool {
public:
	Pool(ClientContext &context, idx_t capacity)
	    : slots(NextPowerOfTwo(MaxValue<idx_t>(capacity + capacity / 2, 8)), NONE),
	      reserved(context, capacity * sizeof(Entry) + slots.size() * sizeof(idx_t)) {
		entries.reserve(capacity);
	}

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
	ReservedMemory reserved;
};

enum class Past : uint8_t { GONE, REPLACED, MOVED };
enum class Fresh : uint8_t { CAME, UPDATES, MOVED, STAYED };

//! Calls `visit(fingerprint, row)` for the rows of a chunk that have one in a column; the first row has this number.
template <class VISIT>
void ForEach(DataChunk &chunk, column_t column, idx_t first, VISIT &&visit) {
	auto &vector = chunk.data[column];
	vector.Flatten();
	auto fingerprints = FlatVector::GetData<uhugeint_t>(vector);
	for (idx_t i = 0; i < chunk.size(); i++) {
		if (FlatVector::Validity(vector).RowIsValid(i)) {
			visit(fingerprints[i], first + i);
		}
	}
}

template <class VISIT>
void ForEach(const ColumnDataCollection &rows, column_t column, VISIT &&visit) {
	idx_t first = 0;
	for (auto &chunk : rows.Chunks({column})) {
		ForEach(chunk, 0, first, visit);
		first += chunk.size();
	}
}

//! Collects some rows of a query, with columns of its own behind.
class Subset {
public:
	Subset(ClientContext &context, const vector<Identifier> &names, vector<LogicalType> types, idx_t first_column,
	       const std::vector<std::pair<const char *, LogicalType>> &added = {})
	    : first_column(first_column) {
		types.erase(types.begin(), types.begin() + NumericCast<int64_t>(first_column));
		collected.names.assign(names.begin() + NumericCast<int64_t>(first_column), names.end());
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

//! What becomes of the rows of each side.
class Match {
public:
	//! Rows of `past_sql` that stay are not kept.
	Match(Session &session, const std::string &past_sql, Collected fresh_rows)
	    : fresh_rows(std::move(fresh_rows)), fresh(this->fresh_rows.rows->Count(), Fresh::CAME),
	      sources(fresh.size(), NONE), context(*session.connection.context) {
		LeaveOutEqual(session, past_sql);
		past.resize(past_rows.rows->Count(), Past::GONE);
		Pair(CONTENT, Past::MOVED, Fresh::MOVED);
		Pair(ROW_KEY, Past::REPLACED, Fresh::UPDATES);
	}

	//! The rows that do not stay as they are.
	Collected past_rows;
	Collected fresh_rows;
	std::vector<Past> past;
	std::vector<Fresh> fresh;
	//! The past row of each fresh one that has moved, or updates.
	std::vector<idx_t> sources;

private:
	void LeaveOutEqual(Session &session, const std::string &past_sql) {
		Pool pool(context, fresh.size());
		ForEach(*fresh_rows.rows, EXACT, [&](uhugeint_t fingerprint, idx_t row) { pool.Add(fingerprint, row); });
		std::optional<Subset> others;
		session.Stream(
		    past_sql,
		    [&](const vector<Identifier> &names, const vector<LogicalType> &types) {
			    others.emplace(*session.connection.context, names, types, 0);
		    },
		    [&](DataChunk &chunk) {
			    ForEach(chunk, EXACT, 0, [&](uhugeint_t fingerprint, idx_t row) {
				    auto same = pool.Take(fingerprint);
				    if (same == NONE) {
					    others->Select(row);
				    } else {
					    fresh[same] = Fresh::STAYED;
				    }
			    });
			    others->Append(chunk);
		    });
		past_rows = std::move(others->collected);
	}

	//! Pairs rows of the same fingerprint, of those that have no pair yet.
	void Pair(column_t fingerprint, Past becomes, Fresh is) {
		auto left = NumericCast<idx_t>(std::count(past.begin(), past.end(), Past::GONE));
		if (left == 0 || std::find(fresh.begin(), fresh.end(), Fresh::CAME) == fresh.end()) {
			return;
		}
		Pool pool(context, left);
		ForEach(*past_rows.rows, fingerprint, [&](uhugeint_t given, idx_t row) {
			if (past[row] == Past::GONE) {
				pool.Add(given, row);
			}
		});
		ForEach(*fresh_rows.rows, fingerprint, [&](uhugeint_t given, idx_t row) {
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

	ClientContext &context;
};

//! Of the past rows that have a pair which is written: what fresh rows need of them.
struct Sources {
	std::unordered_map<idx_t, int64_t> replaced;
	std::unordered_map<idx_t, int64_t> moved;
};

Collected Gone(ClientContext &context, const Match &match, Sources &sources) {
	auto &past = match.past_rows;
	Subset gone(context, past.names, past.rows->Types(), ROW_ID, {{"coco_replaced", LogicalType::BOOLEAN}});
	auto replaced = FlatVector::GetDataMutable<bool>(gone.Added(0));
	idx_t row = 0;
	for (auto &chunk : past.rows->Chunks()) {
		chunk.data[AT].Flatten();
		chunk.data[ROW_ID].Flatten();
		for (idx_t i = 0; i < chunk.size(); i++, row++) {
			auto becomes = match.past[row];
			if (becomes == Past::MOVED) {
				sources.moved[row] = FlatVector::GetData<int64_t>(chunk.data[ROW_ID])[i];
				continue;
			}
			replaced[gone.Select(i)] = becomes == Past::REPLACED;
			if (becomes == Past::REPLACED) {
				sources.replaced[row] = FlatVector::GetData<int64_t>(chunk.data[AT])[i];
			}
		}
		gone.Append(chunk);
	}
	return std::move(gone.collected);
}

std::pair<Collected, Collected> CameAndMoved(ClientContext &context, const Match &match, const Sources &sources) {
	auto &fresh = match.fresh_rows;
	Subset came(context, fresh.names, fresh.rows->Types(), ROW_KEY + 1,
	            {{"coco_replaces", LogicalType::BIGINT}, {"coco_number", LogicalType::BIGINT}});
	Subset moved(context, fresh.names, fresh.rows->Types(), ROW_KEY + 1, {{"coco_rowid", LogicalType::BIGINT}});
	auto replaces = FlatVector::GetDataMutable<int64_t>(came.Added(0));
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
			if (fate == Fresh::UPDATES) {
				replaces[place] = sources.replaced.at(match.sources[row]);
				FlatVector::SetNull(came.Added(1), place, true);
			} else {
				FlatVector::SetNull(came.Added(0), place, true);
				number[place] = next++;
			}
		}
		came.Append(chunk);
		moved.Append(chunk);
	}
	return {std::move(came.collected), std::move(moved.collected)};
}

} // namespace

Difference FindDifference(Session &session, const std::string &past, const std::string &fresh,
                          const std::string &prefix) {
	Match match(session, past, CollectRows(session, fresh));
	auto &context = *session.connection.context;
	Sources sources;
	auto gone = Gone(context, match, sources);
	auto [came, moved] = CameAndMoved(context, match, sources);
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
