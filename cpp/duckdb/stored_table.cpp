#include "duckdb/stored_table.hpp"

#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/append_state.hpp"
#include "duckdb/storage/table/delete_state.hpp"
#include "duckdb/storage/table/row_group_collection.hpp"
#include "duckdb/storage/table/scan_state.hpp"
#include "duckdb/storage/table/update_state.hpp"
#include "duckdb/transaction/duck_transaction.hpp"
#include "duckdb/transaction/local_storage.hpp"
#include "duckdb/transaction/local_storage.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

vector<StorageIndex> Indexes(const StoredColumns &columns) {
	vector<StorageIndex> indexes;
	for (auto column : columns) {
		indexes.emplace_back(column);
	}
	return indexes;
}

vector<LogicalType> Types(const DuckTableEntry &table, const StoredColumns &columns) {
	vector<LogicalType> types;
	for (auto column : columns) {
		types.push_back(column == COLUMN_IDENTIFIER_ROW_ID ? LogicalType::ROW_TYPE
		                                                   : table.GetColumns().GetColumn(PhysicalIndex(column)).Type());
	}
	return types;
}

} // namespace

idx_t CountStored(DuckTableEntry &table) {
	return table.GetStorage().GetTotalRows();
}

idx_t CountAdded(ClientContext &context, DuckTableEntry &table) {
	return LocalStorage::Get(context, table.catalog).AddedRows(table.GetStorage());
}

bool HasIndexes(DuckTableEntry &table) {
	return table.GetStorage().HasIndexes();
}

void ScanTable(ClientContext &context, DuckTableEntry &table, const StoredColumns &columns,
               const std::function<void(DataChunk &)> &visit) {
	auto &storage = table.GetStorage();
	auto &transaction = DuckTransaction::Get(context, table.catalog);
	auto indexes = Indexes(columns);
	TableScanState scan;
	storage.InitializeScan(context, transaction, scan, indexes);
	DataChunk chunk;
	chunk.Initialize(context, Types(table, columns));
	while (true) {
		chunk.Reset();
		storage.Scan(transaction, chunk, scan);
		if (chunk.size() == 0) {
			return;
		}
		visit(chunk);
	}
}

void ScanStored(ClientContext &context, DuckTableEntry &table, storage_t column, idx_t first, idx_t end,
                const std::function<void(DataChunk &)> &visit) {
	auto indexes = Indexes({column});
	TableScanState scan;
	scan.Initialize(indexes);
	auto rows = table.GetStorage().GetRowGroupCollection();
	rows->InitializeScanWithOffset(context, scan.table_state, indexes, first, end);
	DataChunk chunk;
	chunk.Initialize(context, Types(table, {column}));
	while (true) {
		chunk.Reset();
		scan.table_state.Scan(chunk, TableScanType::TABLE_SCAN_ALL_ROWS);
		if (chunk.size() == 0) {
			return;
		}
		visit(chunk);
	}
}

bool HasOwnRows(ClientContext &context, DuckTableEntry &table) {
	return LocalStorage::Get(context, table.catalog).AddedRows(table.GetStorage()) > 0;
}

bool AppendRows(ClientContext &context, DuckTableEntry &table, DataChunk &rows) {
	auto &storage = table.GetStorage();
	if (!storage.IsMainTable()) {
		return false;
	}
	storage.LocalAppend(table, context, rows, {}, true);
	return true;
}

RowAppender::RowAppender(ClientContext &context, DuckTableEntry &table)
    : context(context), table(table), state(make_uniq<LocalAppendState>()) {
	table.GetStorage().InitializeLocalAppend(*state, table, context, {});
}

RowAppender::~RowAppender() = default;

void RowAppender::Append(DataChunk &rows) {
	table.GetStorage().LocalAppend(*state, table, context, rows, true);
}

void RowAppender::Finish() {
	table.GetStorage().FinalizeLocalAppend(*state);
}

void UpdateRows(ClientContext &context, DuckTableEntry &table, Vector &row_ids, const StoredColumns &columns,
                DataChunk &values) {
	vector<PhysicalIndex> indexes;
	for (auto column : columns) {
		indexes.emplace_back(column);
	}
	auto &storage = table.GetStorage();
	auto state = storage.InitializeUpdate(table, context, {});
	storage.Update(*state, context, table, row_ids, indexes, values);
}

RowFetcher::RowFetcher(DuckTableEntry &table, const StoredColumns &columns)
    : table(table), columns(Indexes(columns)), state(make_uniq<ColumnFetchState>()) {
}

RowFetcher::~RowFetcher() = default;

void RowFetcher::Fetch(ClientContext &context, std::vector<row_t> &row_ids, DataChunk &rows) {
	auto &transaction = DuckTransaction::Get(context, table.catalog);
	Vector ids(LogicalType::ROW_TYPE, data_ptr_cast(row_ids.data()), row_ids.size());
	table.GetStorage().Fetch(transaction, rows, columns, ids, row_ids.size(), *state);
}

void FetchRows(ClientContext &context, DuckTableEntry &table, const StoredColumns &columns,
               const std::vector<row_t> &row_ids, const std::function<void(DataChunk &)> &visit) {
	RowFetcher fetcher(table, columns);
	DataChunk chunk;
	chunk.Initialize(context, Types(table, columns));
	for (auto first = row_ids.begin(); first != row_ids.end();) {
		auto last = first + MinValue<int64_t>(STANDARD_VECTOR_SIZE, row_ids.end() - first);
		std::vector<row_t> some(first, last);
		chunk.Reset();
		fetcher.Fetch(context, some, chunk);
		visit(chunk);
		first = last;
	}
}

RowDeleter::RowDeleter(ClientContext &context, DuckTableEntry &table)
    : context(context), table(table), state(table.GetStorage().InitializeDelete(table, context, {})) {
}

RowDeleter::~RowDeleter() = default;

idx_t RowDeleter::Delete(Vector &row_ids, idx_t count) {
	return table.GetStorage().Delete(*state, context, table, row_ids, count);
}

} // namespace cocosql
