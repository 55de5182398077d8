//! The index of a table's primary key, followed without a query.
#pragma once

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/types/data_chunk.hpp"
#include "duckdb/main/client_context.hpp"

#include <memory>
#include <vector>

namespace duckdb {
class ArenaAllocator;
class IndexEntry;
} // namespace duckdb

namespace cocosql {

class PrimaryIndex {
public:
	//! Null if the table has none that can be followed.
	static std::shared_ptr<PrimaryIndex> Find(duckdb::ClientContext &context, duckdb::DuckTableEntry &table);

	explicit PrimaryIndex(duckdb::shared_ptr<duckdb::IndexEntry> entry);
	~PrimaryIndex();
	//! The columns of a key.
	duckdb::vector<duckdb::PhysicalIndex> Columns() const;

private:
	friend class KeySearch;

	duckdb::shared_ptr<duckdb::IndexEntry> entry;
};

//! Looks keys up. Each thread has its own.
class KeySearch {
public:
	KeySearch(duckdb::ClientContext &context, std::shared_ptr<PrimaryIndex> index);
	~KeySearch();
	//! Adds the row ids under each key, in no order; the columns of `keys` are those of the index. It locks
	//! the index meanwhile: for some milliseconds no other transaction commits keys.
	void Find(duckdb::DataChunk &keys, std::vector<duckdb::row_t> &row_ids);

private:
	std::shared_ptr<PrimaryIndex> index;
	duckdb::unique_ptr<duckdb::ArenaAllocator> arena;
};

} // namespace cocosql
