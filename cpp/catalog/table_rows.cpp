#include "catalog/catalog.hpp"

#include "catalog/own_table.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/common/vector/flat_vector.hpp"
#include "duckdb/stored_table.hpp"
#include "fingerprint/fingerprint.hpp"
#include "fingerprint/hash128.hpp"

#include <unordered_set>

namespace cocosql {

using namespace duckdb;

namespace {

//! Up to so many rows are looked up one by one; more are found by a scan of the table.
constexpr idx_t FEW = 64;

class Reader {
public:
	Reader(ClientContext &context, const std::string &database, const TableColumns &columns)
	    : context(context), entry(OwnTable(context, database, columns.first)) {
		for (auto &name : columns.second) {
			if (!entry.ColumnExists(Identifier(name))) {
				throw CatalogException("table coco.%s has no column %s", columns.first, name);
			}
			auto &column = entry.GetColumn(Identifier(name));
			stored.push_back(column.StorageOid());
			types.push_back(column.Type());
		}
	}

	unique_ptr<ColumnDataCollection> Read() {
		auto rows = make_uniq<ColumnDataCollection>(context, types);
		ScanTable(context, entry, stored, [&](DataChunk &chunk) { rows->Append(chunk); });
		return rows;
	}

	//! Adds the fingerprint of each row to that of its number. Each table has its own seed.
	void AddFingerprints(std::map<int64_t, uhugeint_t> &sums, uint64_t seed) {
		CheckNumbered();
		Vector fingerprints(LogicalType::UHUGEINT);
		ScanTable(context, entry, stored, [&](DataChunk &chunk) {
			FingerprintRows(chunk, fingerprints);
			fingerprints.Flatten();
			chunk.data[0].Flatten();
			for (idx_t i = 0; i < chunk.size(); i++) {
				if (FlatVector::Validity(chunk.data[0]).RowIsValid(i)) {
					auto &fingerprint = FlatVector::GetData<uhugeint_t>(fingerprints)[i];
					auto more = Hash128(&fingerprint, sizeof(fingerprint), seed);
					auto &sum = sums[FlatVector::GetData<int64_t>(chunk.data[0])[i]];
					sum.lower += more.lower;
					sum.upper += more.upper + (sum.lower < more.lower ? 1 : 0);
				}
			}
		});
	}

	//! The rows of these numbers.
	unique_ptr<ColumnDataCollection> Read(const std::unordered_set<int64_t> &numbers) {
		auto rows = make_uniq<ColumnDataCollection>(context, types);
		if (numbers.empty()) {
			return rows;
		}
		CheckNumbered();
		if (auto row_ids = FindFew(numbers)) {
			FetchRows(context, entry, stored, *row_ids, [&](DataChunk &chunk) { rows->Append(chunk); });
			return rows;
		}
		ScanTable(context, entry, stored, [&](DataChunk &chunk) {
			chunk.data[0].Flatten();
			SelectionVector wanted(chunk.size());
			idx_t count = 0;
			for (idx_t i = 0; i < chunk.size(); i++) {
				auto is_known = FlatVector::Validity(chunk.data[0]).RowIsValid(i);
				if (is_known && numbers.count(FlatVector::GetData<int64_t>(chunk.data[0])[i])) {
					wanted.set_index(count++, i);
				}
			}
			chunk.Slice(wanted, count);
			rows->Append(chunk);
		});
		return rows;
	}

private:
	//! The ids of the rows of these numbers, if they are few and committed. Only the numbers are read.
	std::optional<std::vector<row_t>> FindFew(const std::unordered_set<int64_t> &numbers) {
		std::vector<row_t> row_ids;
		bool can_fetch = true;
		ScanTable(context, entry, {stored[0], COLUMN_IDENTIFIER_ROW_ID}, [&](DataChunk &chunk) {
			chunk.Flatten();
			auto given = FlatVector::GetData<int64_t>(chunk.data[0]);
			auto ids = FlatVector::GetData<row_t>(chunk.data[1]);
			for (idx_t i = 0; i < chunk.size() && can_fetch; i++) {
				if (FlatVector::Validity(chunk.data[0]).RowIsValid(i) && numbers.count(given[i])) {
					row_ids.push_back(ids[i]);
					can_fetch = row_ids.size() <= FEW && ids[i] < MAX_ROW_ID;
				}
			}
		});
		return can_fetch ? std::optional(row_ids) : std::nullopt;
	}

	void CheckNumbered() const {
		if (types[0] != LogicalType::BIGINT) {
			throw CatalogException("table coco.%s has no numbers of type BIGINT", entry.name.GetIdentifierName());
		}
	}

	ClientContext &context;
	DuckTableEntry &entry;
	StoredColumns stored;
	vector<LogicalType> types;
};

} // namespace

unique_ptr<ColumnDataCollection> TableRows(Session &session, const std::string &database, const TableColumns &columns,
                                           std::optional<int64_t> number) {
	return LookUp(session, [&](ClientContext &context) {
		Reader reader(context, database, columns);
		return number ? reader.Read({*number}) : reader.Read();
	});
}

Records NewRecords(Session &session, const std::string &database, const std::vector<TableColumns> &tables,
                   const FingerprintSet &known) {
	return LookUp(session, [&](ClientContext &context) {
		std::vector<Reader> readers;
		Records found;
		for (auto &columns : tables) {
			readers.emplace_back(context, database, columns);
			readers.back().AddFingerprints(found.fingerprints, readers.size());
		}
		std::unordered_set<int64_t> numbers;
		for (auto &[number, fingerprint] : found.fingerprints) {
			if (!known.count(fingerprint)) {
				numbers.insert(number);
			}
		}
		for (auto &reader : readers) {
			found.rows.push_back(reader.Read(numbers));
		}
		return found;
	});
}

} // namespace cocosql
