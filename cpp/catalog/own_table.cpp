#include "catalog/own_table.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/scan_state.hpp"
#include "duckdb/transaction/duck_transaction.hpp"
#include "duckdb/transaction/meta_transaction.hpp"

namespace cocosql {

using namespace duckdb;

DuckTableEntry &OwnTable(ClientContext &context, const std::string &database, const std::string &table) {
	auto &catalog = Catalog::GetCatalog(context, Identifier(database));
	auto &entry = catalog.GetEntry(context, CatalogType::TABLE_ENTRY, "coco", Identifier(table));
	if (entry.type != CatalogType::TABLE_ENTRY || !entry.Cast<TableCatalogEntry>().IsDuckTable()) {
		throw CatalogException("coco.%s of database %s is no table of DuckDB's own", table, database);
	}
	return entry.Cast<DuckTableEntry>();
}

DuckTableEntry &OwnTable(ClientContext &context, const std::string &database, const std::string &table,
                         DatabaseModificationType change) {
	auto &entry = OwnTable(context, database, table);
	MetaTransaction::Get(context).ModifyDatabase(entry.catalog.GetAttached(), change);
	return entry;
}

void ScanTable(ClientContext &context, DuckTableEntry &table, const vector<StorageIndex> &columns,
               const vector<LogicalType> &types, const std::function<void(DataChunk &)> &visit) {
	auto &storage = table.GetStorage();
	auto &transaction = DuckTransaction::Get(context, table.catalog);
	TableScanState scan;
	storage.InitializeScan(context, transaction, scan, columns);
	DataChunk chunk;
	chunk.Initialize(context, types);
	while (true) {
		chunk.Reset();
		storage.Scan(transaction, chunk, scan);
		if (chunk.size() == 0) {
			return;
		}
		visit(chunk);
	}
}

} // namespace cocosql
