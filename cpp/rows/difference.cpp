#include "rows/difference.hpp"

#include "duckdb/common/types/uhugeint.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/memory.hpp"
#include "fingerprint/fingerprint.hpp"
#include "python/errors.hpp"
#include "rows/subset.hpp"
#include "session/watch.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace cocosql {

using namespace duckdb;

namespace {

constexpr const char *ROW_ID = "coco_rowid";
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

//! The fingerprints of some columns of rows.
class Prints {
public:
	Prints(const vector<Identifier> &names, const std::vector<std::string> &columns) {
		for (auto &column : columns) {
			places.push_back(Place(names, column));
		}
	}

	//! Calls `visit(fingerprint, row)` for the rows of a chunk for which `is_wanted(row)`; the first row has this number.
	template <class WANTED, class VISIT>
	void ForEach(DataChunk &chunk, idx_t first, WANTED &&is_wanted, VISIT &&visit) {
		SelectionVector wanted(chunk.size());
		idx_t count = 0;
		for (idx_t i = 0; i < chunk.size(); i++) {
			if (is_wanted(first + i)) {
				wanted.set_index(count++, i);
			}
		}
		if (count == 0) {
			return;
		}
		DataChunk keys;
		keys.InitializeEmpty(Types(chunk));
		keys.ReferenceColumns(chunk, places);
		if (count < chunk.size()) {
			keys.Slice(wanted, count);
		}
		FingerprintRows(keys, fingerprints);
		fingerprints.Flatten();
		auto found = FlatVector::GetData<uhugeint_t>(fingerprints);
		for (idx_t i = 0; i < count; i++) {
			visit(found[i], first + wanted.get_index(i));
		}
	}

	template <class WANTED, class VISIT>
	void ForEach(Session &session, const Collected &rows, WANTED &&is_wanted, VISIT &&visit) {
		Watch watch(session);
		idx_t first = 0;
		for (auto &chunk : rows.Chunks()) {
			watch.Look();
			ForEach(chunk, first, is_wanted, visit);
			first += chunk.size();
		}
	}

private:
	vector<LogicalType> Types(const DataChunk &chunk) const {
		vector<LogicalType> types;
		for (auto place : places) {
			types.push_back(chunk.data[place].GetType());
		}
		return types;
	}

	vector<column_t> places;
	Vector fingerprints {LogicalType::UHUGEINT};
};

bool Every(idx_t) {
	return true;
}

//! What becomes of the rows of each side.
class Match {
	Session &session;
	ClientContext &context;

public:
	//! Rows of `past_sql` that stay are not kept.
	Match(Session &session, const std::string &past_sql, const std::string &fresh_sql, const Sameness &sameness)
	    : session(session), context(*session.connection.context), fresh_rows(CollectRows(session, fresh_sql)),
	      fresh(fresh_rows.Count(), Fresh::CAME), sources(fresh.size(), NONE),
	      past_rows(sameness.exact ? Others(past_sql, *sameness.exact) : CollectRows(session, past_sql)),
	      past(past_rows.Count(), Past::GONE) {
		Pair(sameness.content, Past::MOVED, Fresh::MOVED);
		Pair(sameness.key, Past::REPLACED, Fresh::UPDATES);
	}

	Collected fresh_rows;
	std::vector<Fresh> fresh;
	//! The past row of each fresh one that has moved, or updates.
	std::vector<idx_t> sources;
	//! The rows that do not stay as they are.
	Collected past_rows;
	std::vector<Past> past;

private:
	//! The past rows that have no equal fresh one.
	Collected Others(const std::string &past_sql, const std::vector<std::string> &columns) {
		Pool pool(context, fresh.size());
		Prints(fresh_rows.names, columns).ForEach(session, fresh_rows, Every, [&](uhugeint_t fingerprint, idx_t row) {
			pool.Add(fingerprint, row);
		});
		std::optional<Subset> others;
		std::optional<Prints> prints;
		VisitRows(
		    session, past_sql,
		    [&](const vector<Identifier> &names, const vector<LogicalType> &types) {
			    others.emplace(context, names, types);
			    prints.emplace(names, columns);
		    },
		    [&](DataChunk &chunk) {
			    prints->ForEach(chunk, 0, Every, [&](uhugeint_t fingerprint, idx_t row) {
				    auto same = pool.Take(fingerprint);
				    if (same == NONE) {
					    others->Select(row);
				    } else {
					    fresh[same] = Fresh::STAYED;
				    }
			    });
			    others->Append(chunk);
		    });
		return others->Take();
	}

	//! Pairs rows of the same fingerprint, of those that have no pair yet.
	void Pair(const Sameness::Columns &columns, Past becomes, Fresh is) {
		auto left = NumericCast<idx_t>(std::count(past.begin(), past.end(), Past::GONE));
		if (!columns || left == 0 || std::find(fresh.begin(), fresh.end(), Fresh::CAME) == fresh.end()) {
			return;
		}
		Pool pool(context, left);
		Prints(past_rows.names, *columns)
		    .ForEach(
		        session, past_rows, [&](idx_t row) { return past[row] == Past::GONE; },
		        [&](uhugeint_t given, idx_t row) { pool.Add(given, row); });
		Prints(fresh_rows.names, *columns)
		    .ForEach(
		        session, fresh_rows, [&](idx_t row) { return fresh[row] == Fresh::CAME; },
		        [&](uhugeint_t given, idx_t row) {
			        auto source = pool.Take(given);
			        if (source != NONE) {
				        sources[row] = source;
				        past[source] = becomes;
				        fresh[row] = is;
			        }
		        });
	}
};

//! Of the past rows that have a pair which is written: what fresh rows need of them.
struct Sources {
	std::unordered_map<idx_t, int64_t> replaced;
	std::unordered_map<idx_t, int64_t> moved;
};

Collected Gone(ClientContext &context, const Match &match, const std::string &number, Sources &sources) {
	auto &past = match.past_rows;
	auto numbers = Place(past.names, number);
	auto row_ids = Place(past.names, ROW_ID);
	Subset gone(context, past.names, past.Types(), {{"coco_replaced", LogicalType::BOOLEAN}});
	auto replaced = FlatVector::GetDataMutable<bool>(gone.Added(0));
	idx_t row = 0;
	for (auto &chunk : past.Chunks()) {
		chunk.data[numbers].Flatten();
		chunk.data[row_ids].Flatten();
		for (idx_t i = 0; i < chunk.size(); i++, row++) {
			auto becomes = match.past[row];
			if (becomes == Past::MOVED) {
				sources.moved[row] = FlatVector::GetData<int64_t>(chunk.data[row_ids])[i];
				continue;
			}
			replaced[gone.Select(i)] = becomes == Past::REPLACED;
			if (becomes == Past::REPLACED) {
				sources.replaced[row] = FlatVector::GetData<int64_t>(chunk.data[numbers])[i];
			}
		}
		gone.Append(chunk);
	}
	return gone.Take();
}

std::pair<Collected, Collected> CameAndMoved(ClientContext &context, const Match &match, const Sources &sources,
                                             const std::string &number, int64_t next) {
	auto &fresh = match.fresh_rows;
	Subset came(context, fresh.names, fresh.Types(),
	            {{number, LogicalType::BIGINT}, {"coco_updated", LogicalType::BOOLEAN}});
	Subset moved(context, fresh.names, fresh.Types(), {{ROW_ID, LogicalType::BIGINT}});
	auto numbers = FlatVector::GetDataMutable<int64_t>(came.Added(0));
	auto updated = FlatVector::GetDataMutable<bool>(came.Added(1));
	auto row_ids = FlatVector::GetDataMutable<int64_t>(moved.Added(0));
	idx_t row = 0;
	for (auto &chunk : fresh.Chunks()) {
		for (idx_t i = 0; i < chunk.size(); i++, row++) {
			auto fate = match.fresh[row];
			if (fate == Fresh::STAYED) {
				continue;
			}
			if (fate == Fresh::MOVED) {
				row_ids[moved.Select(i)] = sources.moved.at(match.sources[row]);
				continue;
			}
			auto place = came.Select(i);
			updated[place] = fate == Fresh::UPDATES;
			numbers[place] = updated[place] ? sources.replaced.at(match.sources[row]) : next++;
		}
		came.Append(chunk);
		moved.Append(chunk);
	}
	return {came.Take(), moved.Take()};
}

} // namespace

Difference FindDifference(Session &session, const std::string &past, const std::string &fresh, const Sameness &sameness,
                          const std::string &number, int64_t next, const std::string &prefix) {
	Match match(session, past, fresh, sameness);
	auto &context = *session.connection.context;
	Sources sources;
	auto gone = Gone(context, match, number, sources);
	auto [came, moved] = CameAndMoved(context, match, sources, number, next);
	Difference difference;
	difference.gone = gone.Count();
	difference.came = came.Count();
	difference.moved = moved.Count();
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
