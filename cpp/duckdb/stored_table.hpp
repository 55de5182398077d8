//! The rows of a table of DuckDB's own, read and written without a query, in the transaction of a context.
#pragma once

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/types/data_chunk.hpp"
#include "duckdb/main/client_context.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace duckdb {
struct ColumnFetchState;
struct LocalAppendState;
struct StorageIndex;
struct TableDeleteState;
} // namespace duckdb

namespace cocosql {

//! Stored columns, by ColumnDefinition::StorageOid(). COLUMN_IDENTIFIER_ROW_ID may be among them.
using StoredColumns = std::vector<duckdb::storage_t>;

//! How many rows are stored, those that are deleted included until a checkpoint drops them.
duckdb::idx_t CountStored(duckdb::DuckTableEntry &table);
//! How many rows the transaction has put in that are not stored yet.
duckdb::idx_t CountAdded(duckdb::ClientContext &context, duckdb::DuckTableEntry &table);
bool HasIndexes(duckdb::DuckTableEntry &table);

//! Hands over the rows that the transaction sees. `visit` may delete them.
void ScanTable(duckdb::ClientContext &context, duckdb::DuckTableEntry &table, const StoredColumns &columns,
               const std::function<void(duckdb::DataChunk &)> &visit);

//! Hands over a column's values of the rows that are stored from one row id to another, those of deleted rows and of rows
//! that are not committed, too. The first begins a vector of its row group.
void ScanStored(duckdb::ClientContext &context, duckdb::DuckTableEntry &table, duckdb::storage_t column,
                duckdb::idx_t first, duckdb::idx_t end, const std::function<void(duckdb::DataChunk &)> &visit);
//! Whether the transaction has put rows into the table.
bool HasOwnRows(duckdb::ClientContext &context, duckdb::DuckTableEntry &table);

//! Appends rows with a value for each stored column, whatever constraints say. False, and nothing is done, if another
//! transaction alters or drops the table. One thread of a transaction at a time.
bool AppendRows(duckdb::ClientContext &context, duckdb::DuckTableEntry &table, duckdb::DataChunk &rows);

//! Appends rows to a table that the transaction is known to change (DeclareChange), whatever constraints say.
class RowAppender {
public:
	//! Throws if another transaction alters or drops the table.
	RowAppender(duckdb::ClientContext &context, duckdb::DuckTableEntry &table);
	~RowAppender();
	//! Rows with a value for each stored column.
	void Append(duckdb::DataChunk &rows);
	//! Call once all rows are appended.
	void Finish();

private:
	duckdb::ClientContext &context;
	duckdb::DuckTableEntry &table;
	duckdb::unique_ptr<duckdb::LocalAppendState> state;
};

//! Gives rows other values in some stored columns, of types that DuckDB updates in place, and that no index has. The
//! transaction is known to change the table.
void UpdateRows(duckdb::ClientContext &context, duckdb::DuckTableEntry &table, duckdb::Vector &row_ids,
                const StoredColumns &columns, duckdb::DataChunk &values);

//! Reads rows by their row ids. Each thread has its own.
class RowFetcher {
public:
	RowFetcher(duckdb::DuckTableEntry &table, const StoredColumns &columns);
	~RowFetcher();
	//! Fills `rows` with those of these rows that the transaction sees.
	void Fetch(duckdb::ClientContext &context, std::vector<duckdb::row_t> &row_ids, duckdb::DataChunk &rows);

private:
	duckdb::DuckTableEntry &table;
	duckdb::vector<duckdb::StorageIndex> columns;
	duckdb::unique_ptr<duckdb::ColumnFetchState> state;
};

//! Hands over those of some rows that the transaction sees, a vector of row ids after the other.
void FetchRows(duckdb::ClientContext &context, duckdb::DuckTableEntry &table, const StoredColumns &columns,
               const std::vector<duckdb::row_t> &row_ids, const std::function<void(duckdb::DataChunk &)> &visit);

//! Deletes rows by their row ids, from a table that the transaction is known to change (DeclareChange).
class RowDeleter {
public:
	RowDeleter(duckdb::ClientContext &context, duckdb::DuckTableEntry &table);
	~RowDeleter();
	//! Returns how many of the rows were there.
	duckdb::idx_t Delete(duckdb::Vector &row_ids, duckdb::idx_t count);

private:
	duckdb::ClientContext &context;
	duckdb::DuckTableEntry &table;
	duckdb::unique_ptr<duckdb::TableDeleteState> state;
};

} // namespace cocosql
