//! The row groups that a table is stored in, looked at without reading them.
#pragma once

#include "duckdb/common/optional_idx.hpp"
#include "duckdb/stored_table.hpp"

namespace duckdb {
class ColumnData;
class RowGroup;
}

namespace cocosql {

struct StoredRowGroup {
	//! The row id of its first row.
	duckdb::idx_t start = 0;
	//! Rows that are stored, those deleted included.
	duckdb::idx_t count = 0;
	//! Rows of which no deletion is committed.
	duckdb::idx_t remaining = 0;
	//! Whether all rows that are stored are committed, and no column of interest may have been updated in place.
	bool is_settled = false;
	//! Where the columns of interest are stored; empty if there are changes that are not there yet.
	std::vector<uint64_t> place;
	//! Within a process, the same object has the same rows if no row was added, deleted or updated in place.
	duckdb::weak_ptr<duckdb::RowGroup> object;
};

struct StoredRowGroups {
	std::vector<StoredRowGroup> groups;
	//! How many checkpoints the file has been through; invalid if there is no file, or a checkpoint is going on.
	duckdb::optional_idx checkpoint;
};

//! With these columns of interest. The order of `place` is theirs.
StoredRowGroups FindStoredRowGroups(duckdb::DuckTableEntry &table, const StoredColumns &columns);

//! A row group, for who asks little of many.
struct RowGroupAt {
	duckdb::shared_ptr<duckdb::RowGroup> object;
	//! The row id of its first row.
	duckdb::idx_t start;
	//! Rows that are stored, those deleted included.
	duckdb::idx_t count;

	//! Whether all rows that are stored are committed.
	bool IsCommitted() const;
	//! Whether values of a column may have been updated in place.
	bool MayBeUpdated(duckdb::storage_t column) const;
	//! The same object has the same values in the same places if none was updated in place; rows may have been added. A
	//! checkpoint makes another row group if a row was deleted, and another column only if a value changed.
	duckdb::shared_ptr<duckdb::ColumnData> Column(duckdb::storage_t column) const;
};

std::vector<RowGroupAt> RowGroupsOf(duckdb::DuckTableEntry &table);

//! How many rows of a table the context's transaction sees, those that it has put in itself apart. None of them is read.
duckdb::idx_t CountVisible(duckdb::ClientContext &context, duckdb::DuckTableEntry &table);

} // namespace cocosql
