#include "rows/find.hpp"

#include "catalog/catalog.hpp"
#include "catalog/id_index.hpp"
#include "catalog/own_table.hpp"
#include "duckdb/common/types/hugeint.hpp"
#include "duckdb/common/types/uhugeint.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/stored_table.hpp"
#include "rows/collected.hpp"
#include "session/watch.hpp"

#include <algorithm>

namespace cocosql {

using namespace duckdb;

namespace {

uint64_t Bits(const hugeint_t &value) {
	return value.lower ^ static_cast<uint64_t>(value.upper);
}
uint64_t Bits(const uhugeint_t &value) {
	return value.lower ^ value.upper;
}
template <class T>
uint64_t Bits(const T &value) {
	return static_cast<uint64_t>(value);
}

//! Ids to look for.
class Ids {
public:
	virtual ~Ids() = default;
	virtual void Add(Vector &ids, idx_t count) = 0;
	//! Call once all are added, and before the first look.
	virtual void Prepare() = 0;
	//! Those of the ids that were added, each at least once.
	virtual const std::vector<hash_t> &Hashes() const = 0;
	//! Calls `found` for the rows of a vector that have one of them.
	virtual void Look(Vector &vector, idx_t count, const std::function<void(idx_t)> &found) const = 0;
};

template <class T>
class NumberIds : public Ids {
public:
	void Add(Vector &given, idx_t count) override {
		given.Flatten();
		Vector hashed(LogicalType::HASH);
		VectorOperations::Hash(given, hashed, count);
		hashed.Flatten();
		auto values = FlatVector::GetData<T>(given);
		for (idx_t i = 0; i < count; i++) {
			if (FlatVector::Validity(given).RowIsValid(i)) {
				ids.push_back(values[i]);
				hashes.push_back(FlatVector::GetData<hash_t>(hashed)[i]);
			}
		}
	}

	void Prepare() override {
		std::sort(ids.begin(), ids.end());
		auto bits = MaxValue<idx_t>(NextPowerOfTwo(BITS_AN_ID * ids.size()), 4096);
		for (auto rest = bits; rest > 1; rest /= 2) {
			shift--;
		}
		filter.assign(bits / 64, 0);
		for (auto &id : ids) {
			auto bit = Bit(id);
			filter[bit / 64] |= uint64_t(1) << (bit % 64);
		}
	}

	const std::vector<hash_t> &Hashes() const override {
		return hashes;
	}

	void Look(Vector &vector, idx_t count, const std::function<void(idx_t)> &found) const override {
		vector.Flatten();
		auto values = FlatVector::GetData<T>(vector);
		auto &validity = FlatVector::Validity(vector);
		for (idx_t i = 0; i < count; i++) {
			auto bit = Bit(values[i]);
			if ((filter[bit / 64] >> (bit % 64) & 1) && validity.RowIsValid(i) &&
			    std::binary_search(ids.begin(), ids.end(), values[i])) {
				found(i);
			}
		}
	}

private:
	//! So a value that is none of them is seldom looked for further.
	static constexpr idx_t BITS_AN_ID = 64;

	uint64_t Bit(const T &value) const {
		return Bits(value) * 0x9E3779B97F4A7C15ULL >> shift;
	}

	std::vector<T> ids;
	std::vector<hash_t> hashes;
	std::vector<uint64_t> filter;
	uint64_t shift = 64;
};

//! Null if ids of a type are not looked for.
std::unique_ptr<Ids> IdsOf(const LogicalType &type) {
	switch (type.InternalType()) {
	case PhysicalType::INT8:
		return std::make_unique<NumberIds<int8_t>>();
	case PhysicalType::INT16:
		return std::make_unique<NumberIds<int16_t>>();
	case PhysicalType::INT32:
		return std::make_unique<NumberIds<int32_t>>();
	case PhysicalType::INT64:
		return std::make_unique<NumberIds<int64_t>>();
	case PhysicalType::UINT8:
		return std::make_unique<NumberIds<uint8_t>>();
	case PhysicalType::UINT16:
		return std::make_unique<NumberIds<uint16_t>>();
	case PhysicalType::UINT32:
		return std::make_unique<NumberIds<uint32_t>>();
	case PhysicalType::UINT64:
		return std::make_unique<NumberIds<uint64_t>>();
	case PhysicalType::INT128:
		return std::make_unique<NumberIds<hugeint_t>>();
	case PhysicalType::UINT128:
		return std::make_unique<NumberIds<uhugeint_t>>();
	default:
		return nullptr;
	}
}

//! A look through a table.
class Search {
public:
	Search(Session &session, ClientContext &context, DuckTableEntry &table, const std::vector<std::string> &columns)
	    : watch(session), context(context), table(table) {
		for (auto &name : columns) {
			auto &column = table.GetColumn(Identifier(name));
			read.push_back(column.StorageOid());
			types.push_back(column.Type());
			names.push_back(column.Name());
		}
		read.push_back(COLUMN_IDENTIFIER_ROW_ID);
		types.push_back(LogicalType::ROW_TYPE);
		names.emplace_back("coco_rowid");
		rows = make_uniq<ColumnDataCollection>(context, types);
	}

	//! False if ids of this type are not looked for.
	bool LookFor(const std::string &column, const Collected &given) {
		auto &entry = table.GetColumn(Identifier(column));
		auto place = Place(given.names, "coco_source_id");
		if (given.Types()[place] != entry.Type()) {
			return false;
		}
		auto added = IdsOf(entry.Type());
		if (!added) {
			return false;
		}
		for (auto &chunk : given.Chunks()) {
			added->Add(chunk.data[place], chunk.size());
		}
		added->Prepare();
		id_columns.push_back(entry.StorageOid());
		ids.push_back(std::move(added));
		return true;
	}

	//! Takes the rows as they are seen.
	bool ScanAll(idx_t most) {
		return Scan(read, most,
		            [&](DataChunk &chunk, const SelectionVector &found, idx_t count) { Append(chunk, found, count); });
	}

	//! Goes by the indexes of the ids. Nothing if these cannot tell.
	std::optional<bool> FollowIndexes(idx_t most) {
		std::vector<row_t> row_ids;
		for (idx_t i = 0; i < ids.size(); i++) {
			auto found = FindByHash(context, table, id_columns[i], ids[i]->Hashes());
			if (!found) {
				return std::nullopt;
			}
			row_ids.insert(row_ids.end(), found->begin(), found->end());
		}
		if (row_ids.size() > most) {
			return false;
		}
		std::sort(row_ids.begin(), row_ids.end());
		row_ids.erase(std::unique(row_ids.begin(), row_ids.end()), row_ids.end());
		Fetch(row_ids);
		return true;
	}

	//! Looks for row ids first.
	bool ScanIds(idx_t most) {
		std::vector<row_t> row_ids;
		auto is_done = Scan({COLUMN_IDENTIFIER_ROW_ID}, most,
		                    [&](DataChunk &chunk, const SelectionVector &found, idx_t count) {
			                    auto &given = chunk.data[id_columns.size()];
			                    given.Flatten();
			                    for (idx_t i = 0; i < count; i++) {
				                    row_ids.push_back(FlatVector::GetData<row_t>(given)[found.get_index(i)]);
			                    }
		                    });
		if (is_done) {
			Fetch(row_ids);
		}
		return is_done;
	}

	Collected Take() {
		return {std::move(names), shared_ptr<const ColumnDataCollection>(std::move(rows))};
	}

private:
	//! Returns false, and goes no further, once there are more than `most`.
	template <class VISIT>
	bool Scan(const StoredColumns &beside, idx_t most, VISIT &&visit) {
		idx_t total = 0;
		ScanTable(context, table, With(beside), [&](DataChunk &chunk) {
			watch.Look();
			if (total > most) {
				return;
			}
			SelectionVector found(chunk.size());
			auto count = Select(chunk, found);
			total += count;
			if (count > 0 && total <= most) {
				visit(chunk, found, count);
			}
		});
		return total <= most;
	}

	//! The columns of the ids, and others.
	StoredColumns With(const StoredColumns &beside) const {
		auto columns = id_columns;
		columns.insert(columns.end(), beside.begin(), beside.end());
		return columns;
	}

	//! Finds the rows that have one of the ids; returns how many there are.
	idx_t Select(DataChunk &chunk, SelectionVector &found) {
		is_found.resize(STANDARD_VECTOR_SIZE);
		idx_t count = 0;
		for (idx_t i = 0; i < ids.size(); i++) {
			ids[i]->Look(chunk.data[i], chunk.size(), [&](idx_t row) {
				if (!is_found[row]) {
					is_found[row] = true;
					found.set_index(count++, row);
				}
			});
		}
		for (idx_t i = 0; i < count; i++) {
			is_found[found.get_index(i)] = false;
		}
		return count;
	}

	void Append(DataChunk &chunk, const SelectionVector &found, idx_t count) {
		vector<column_t> places;
		for (column_t i = 0; i < read.size(); i++) {
			places.push_back(id_columns.size() + i);
		}
		DataChunk shown;
		shown.InitializeEmpty(types);
		shown.ReferenceColumns(chunk, places);
		shown.Slice(found, count);
		rows->Append(shown);
	}

	//! Takes those of some rows that have one of the ids.
	void Fetch(const std::vector<row_t> &row_ids) {
		FetchRows(context, table, With(read), row_ids, [&](DataChunk &chunk) {
			SelectionVector found(STANDARD_VECTOR_SIZE);
			if (auto count = Select(chunk, found)) {
				Append(chunk, found, count);
			}
		});
	}

	Watch watch;
	ClientContext &context;
	DuckTableEntry &table;
	StoredColumns read;
	vector<LogicalType> types;
	vector<Identifier> names;
	unique_ptr<ColumnDataCollection> rows;
	StoredColumns id_columns;
	std::vector<std::unique_ptr<Ids>> ids;
	//! By row of a chunk, while it is looked at.
	std::vector<bool> is_found;
};

} // namespace

std::optional<idx_t> FindRows(Session &session, const std::string &name, const std::string &database,
                              const std::string &table, const std::vector<std::string> &columns, const Among &among,
                              idx_t most, bool is_large) {
	std::vector<Collected> ids;
	for (auto &[column, sql] : among) {
		ids.push_back(CollectRows(session, sql));
	}
	auto found = LookUp(session, [&](ClientContext &context) -> std::optional<Collected> {
		Search search(session, context, OwnTable(context, database, table), columns);
		idx_t wanted = 0;
		for (idx_t i = 0; i < among.size(); i++) {
			wanted += ids[i].Count();
			if (wanted > most || !search.LookFor(among[i].first, ids[i])) {
				return std::nullopt;
			}
		}
		auto followed = is_large ? search.FollowIndexes(most) : std::nullopt;
		if (!(followed ? *followed : is_large ? search.ScanIds(most) : search.ScanAll(most))) {
			return std::nullopt;
		}
		return search.Take();
	});
	if (!found) {
		return std::nullopt;
	}
	auto count = found->Count();
	Keep(session, name, std::move(*found));
	return count;
}

} // namespace cocosql
