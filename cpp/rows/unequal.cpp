#include "rows/unequal.hpp"

#include "duckdb/common/vector/flat_vector.hpp"
#include "rows/subset.hpp"
#include "session/watch.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace cocosql {

using namespace duckdb;

namespace {

//! The hashes of some columns of rows, chunk by chunk.
class RowHashes {
public:
	RowHashes(const vector<Identifier> &names, const vector<LogicalType> &types,
	          const std::vector<std::string> &columns) {
		for (auto &column : columns) {
			places.push_back(Place(names, column));
			hashed.push_back(types[places.back()]);
		}
		part.InitializeEmpty(hashed);
	}

	const hash_t *Of(DataChunk &chunk) {
		part.ReferenceColumns(chunk, places);
		part.Hash(hashes);
		hashes.Flatten();
		return FlatVector::GetData<hash_t>(hashes);
	}

	vector<LogicalType> hashed;

private:
	vector<column_t> places;
	DataChunk part;
	Vector hashes {LogicalType::HASH};
};

//! Rows of the past, by their hashes, of which each has one equal row.
class PastRows {
public:
	void Add(const hash_t *more, idx_t count) {
		hashes.insert(hashes.end(), more, more + count);
	}

	//! Takes the next row with this hash, if it is near. Those before it are passed over.
	bool TakeNext(hash_t hash) {
		auto end = MinValue<idx_t>(next + NEAR, hashes.size());
		for (auto row = next; row < end; row++) {
			if (hashes[row] == hash) {
				PassOver(row);
				next = row + 1;
				return true;
			}
		}
		return false;
	}

	//! When all rows have been asked for in their order.
	void PassOverRest() {
		PassOver(hashes.size());
	}

	//! Takes a row with this hash from those that were passed over.
	bool TakeEarlier(hash_t hash) {
		auto found = passed.find(hash);
		if (found == passed.end()) {
			return false;
		}
		passed.erase(found);
		return true;
	}

	//! The rows that nobody took, in their order.
	std::vector<idx_t> Left() const {
		std::vector<idx_t> rows;
		for (auto &entry : passed) {
			rows.push_back(entry.second);
		}
		std::sort(rows.begin(), rows.end());
		return rows;
	}

private:
	void PassOver(idx_t end) {
		for (; next < end; next++) {
			passed.emplace(hashes[next], next);
		}
	}

	//! Few rows were deleted between two that stayed; more are found all the same, but later.
	static constexpr idx_t NEAR = 32;

	std::vector<hash_t> hashes;
	idx_t next = 0;
	std::unordered_multimap<hash_t, idx_t> passed;
};

Collected Only(ClientContext &context, const Collected &all, const std::vector<idx_t> &wanted) {
	Subset some(context, all.names, all.Types());
	auto next = wanted.begin();
	idx_t first = 0;
	for (auto &chunk : all.Chunks()) {
		for (; next != wanted.end() && *next < first + chunk.size(); ++next) {
			some.Select(*next - first);
		}
		some.Append(chunk);
		first += chunk.size();
	}
	return some.Take();
}

} // namespace

std::pair<idx_t, idx_t> KeepUnequal(Session &session, const std::string &past_sql, const std::string &fresh_sql,
                                    const std::vector<std::string> &columns, const std::string &prefix) {
	auto &context = *session.connection.context;
	Watch watch(session);
	auto all_past = CollectRows(session, past_sql);
	RowHashes past_hashes(all_past.names, all_past.Types(), columns);
	PastRows past;
	for (auto &chunk : all_past.Chunks()) {
		watch.Look();
		past.Add(past_hashes.Of(chunk), chunk.size());
	}
	std::optional<Subset> others;
	std::optional<RowHashes> fresh_hashes;
	std::vector<hash_t> left;
	VisitRows(
	    session, fresh_sql,
	    [&](const vector<Identifier> &names, const vector<LogicalType> &types) {
		    others.emplace(context, names, types);
		    fresh_hashes.emplace(names, types, columns);
		    if (fresh_hashes->hashed != past_hashes.hashed) {
			    throw BinderException("columns to compare are not of the same types");
		    }
	    },
	    [&](DataChunk &chunk) {
		    watch.Look();
		    auto hashes = fresh_hashes->Of(chunk);
		    for (idx_t i = 0; i < chunk.size(); i++) {
			    if (!past.TakeNext(hashes[i])) {
				    others->Select(i);
				    left.push_back(hashes[i]);
			    }
		    }
		    others->Append(chunk);
	    });
	past.PassOverRest();
	std::vector<idx_t> unequal;
	for (idx_t row = 0; row < left.size(); row++) {
		if (!past.TakeEarlier(left[row])) {
			unequal.push_back(row);
		}
	}
	auto fresh = Only(context, others->Take(), unequal);
	auto gone = Only(context, all_past, past.Left());
	std::pair<idx_t, idx_t> counts(gone.Count(), fresh.Count());
	Keep(session, prefix + "past", std::move(gone));
	Keep(session, prefix + "fresh", std::move(fresh));
	return counts;
}

} // namespace cocosql
