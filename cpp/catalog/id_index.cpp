#include "catalog/id_index.hpp"

#include "duckdb/cached.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/stored_row_groups.hpp"

#include <algorithm>
#include <unordered_set>

namespace cocosql {

using namespace duckdb;

namespace {

//! Rows of a row group whose place can be told.
constexpr idx_t MOST_ROWS = idx_t(1) << 17;
//! So many rows are looked through each time; more are worth to be indexed.
constexpr idx_t MOST_APPENDED = 2 * STANDARD_VECTOR_SIZE;
constexpr idx_t ROWS_A_BUCKET = 8;

using Hashes = std::vector<hash_t>;

//! Calls `visit` with the hash and the row id of each row that is stored from one row id to another. The first one begins a
//! vector.
template <class VISIT>
void VisitHashes(ClientContext &context, DuckTableEntry &table, storage_t column, idx_t first, idx_t end, VISIT &&visit) {
	Vector hashes(LogicalType::HASH);
	auto row = first;
	ScanStored(context, table, column, first, end, [&](DataChunk &chunk) {
		VectorOperations::Hash(chunk.data[0], hashes, chunk.size());
		hashes.Flatten();
		auto values = FlatVector::GetData<hash_t>(hashes);
		for (idx_t i = 0; i < chunk.size() && row < end; i++) {
			visit(values[i], row++);
		}
	});
}

//! The rows of a row group by the hash of a value. Without rows it says that ids were looked for once.
class RowGroupIndex {
public:
	RowGroupIndex(const RowGroupAt &group, storage_t column, const Hashes &hashes)
	    : object(group.Column(column)), start(group.start), count(hashes.size()) {
		for (auto buckets = count / ROWS_A_BUCKET; buckets > 1; buckets /= 2) {
			bits++;
		}
		ends.assign(idx_t(1) << bits, 0);
		for (auto hash : hashes) {
			ends[Bucket(hash)]++;
		}
		for (idx_t bucket = 1; bucket < ends.size(); bucket++) {
			ends[bucket] += ends[bucket - 1];
		}
		entries.resize(count);
		for (idx_t place = count; place-- > 0;) {
			entries[--ends[Bucket(hashes[place])]] = Tag(hashes[place]) | NumericCast<uint32_t>(place);
		}
		// Each now says where its bucket begins.
		ends.push_back(NumericCast<uint32_t>(count));
	}

	bool IsOf(const RowGroupAt &group, storage_t column) const {
		auto mine = object.lock();
		return mine && mine == group.Column(column) && start == group.start && count <= group.count;
	}

	void Find(const Hashes &hashes, std::vector<row_t> &found) const {
		for (auto hash : hashes) {
			auto bucket = Bucket(hash);
			for (auto i = ends[bucket]; i < ends[bucket + 1]; i++) {
				if ((entries[i] & ~(MOST_ROWS - 1)) == Tag(hash)) {
					found.push_back(NumericCast<row_t>(start + (entries[i] & (MOST_ROWS - 1))));
				}
			}
		}
	}

	idx_t Count() const {
		return count;
	}
	idx_t Bytes() const {
		return sizeof(RowGroupIndex) + sizeof(uint32_t) * (entries.size() + ends.size());
	}

private:
	idx_t Bucket(hash_t hash) const {
		return bits == 0 ? 0 : hash >> (64 - bits);
	}
	//! What the lower bits of a hash say, beside a place.
	static uint32_t Tag(hash_t hash) {
		return static_cast<uint32_t>(hash) & ~static_cast<uint32_t>(MOST_ROWS - 1);
	}

	weak_ptr<ColumnData> object;
	idx_t start;
	idx_t count = 0;
	idx_t bits = 0;
	//! Where the entries of each bucket begin, and the end of all.
	std::vector<uint32_t> ends;
	//! The place of each row in its row group, with the tag of its hash.
	std::vector<uint32_t> entries;
};

class Lookup {
public:
	Lookup(ClientContext &context, DuckTableEntry &table, storage_t column, const Hashes &hashes)
	    : context(context), table(table), column(column), hashes(hashes), wanted(hashes.begin(), hashes.end()) {
		auto beginnings = NextPowerOfTwo(MaxValue<idx_t>(BEGINNINGS_A_HASH * hashes.size(), 4096));
		for (auto rest = beginnings; rest > 1; rest /= 2) {
			shift--;
		}
		begins.assign(beginnings, false);
		for (auto hash : hashes) {
			begins[hash >> shift] = true;
		}
	}

	//! False if it cannot be told.
	bool Find(const RowGroupAt &group) {
		auto index = Cached<RowGroupIndex>::Find(context, Key(group));
		bool is_known = index && index->IsOf(group, column);
		if (group.count > MOST_ROWS || group.MayBeUpdated(column) ||
		    (!(is_known && index->Count() == group.count) && !group.IsCommitted())) {
			return false;
		}
		if (!is_known) {
			Remember(group, RowGroupIndex(group, column, {}));
			Scan(group, 0);
			return true;
		}
		if (group.count - index->Count() > MOST_APPENDED) {
			index = Remember(group, Index(group));
		}
		index->Find(hashes, found);
		Scan(group, index->Count());
		return true;
	}

	std::vector<row_t> Take() {
		std::sort(found.begin(), found.end());
		found.erase(std::unique(found.begin(), found.end()), found.end());
		return std::move(found);
	}

private:
	std::string Key(const RowGroupAt &group) const {
		auto database = table.ParentCatalog().GetOid();
		return StringUtil::Format("cocosql_ids_%llu_%llu_%llu_%llu", database, table.oid, column, group.start);
	}

	std::shared_ptr<const RowGroupIndex> Remember(const RowGroupAt &group, RowGroupIndex index) {
		auto bytes = index.Bytes();
		auto shared = std::make_shared<const RowGroupIndex>(std::move(index));
		Cached<RowGroupIndex>::Put(context, Key(group), shared, bytes);
		return shared;
	}

	RowGroupIndex Index(const RowGroupAt &group) {
		Hashes all;
		all.reserve(group.count);
		VisitHashes(context, table, column, group.start, group.start + group.count,
		            [&](hash_t hash, idx_t) { all.push_back(hash); });
		return RowGroupIndex(group, column, all);
	}

	//! Looks through the rows from a place on.
	void Scan(const RowGroupAt &group, idx_t place) {
		if (place == group.count) {
			return;
		}
		auto first = group.start + place / STANDARD_VECTOR_SIZE * STANDARD_VECTOR_SIZE;
		VisitHashes(context, table, column, first, group.start + group.count, [&](hash_t hash, idx_t row) {
			if (begins[hash >> shift] && wanted.count(hash) > 0) {
				found.push_back(NumericCast<row_t>(row));
			}
		});
	}

	//! So another hash seldom begins like one of these.
	static constexpr idx_t BEGINNINGS_A_HASH = 64;

	ClientContext &context;
	DuckTableEntry &table;
	const storage_t column;
	const Hashes &hashes;
	const std::unordered_set<hash_t> wanted;
	//! By its first bits, whether a hash is wanted that begins so.
	std::vector<bool> begins;
	uint64_t shift = 64;
	std::vector<row_t> found;
};

} // namespace

std::optional<std::vector<row_t>> FindByHash(ClientContext &context, DuckTableEntry &table, storage_t column,
                                             const std::vector<hash_t> &hashes) {
	if (HasOwnRows(context, table)) {
		return std::nullopt;
	}
	Lookup lookup(context, table, column, hashes);
	for (auto &group : RowGroupsOf(table)) {
		if (!lookup.Find(group)) {
			return std::nullopt;
		}
	}
	return lookup.Take();
}

} // namespace cocosql
