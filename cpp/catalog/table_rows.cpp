#include "catalog/catalog.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/storage/table/scan_state.hpp"
#include "duckdb/transaction/duck_transaction.hpp"

namespace cocosql {

using namespace duckdb;

unique_ptr<ColumnDataCollection> TableRows(Session &session, const std::string &database, const std::string &table,
                                           const std::vector<std::string> &columns) {
	return LookUp(session, [&](ClientContext &context) {
		auto &catalog = Catalog::GetCatalog(context, Identifier(database));
		auto &entry = catalog.GetEntry(context, CatalogType::TABLE_ENTRY, "coco", Identifier(table)).Cast<DuckTableEntry>();
		vector<StorageIndex> indexes;
		vector<LogicalType> types;
		for (auto &name : columns) {
			if (!entry.ColumnExists(Identifier(name))) {
				throw CatalogException("table coco.%s has no column %s", table, name);
			}
			auto &column = entry.GetColumn(Identifier(name));
			indexes.emplace_back(column.StorageOid());
			types.push_back(column.Type());
		}
		auto &transaction = DuckTransaction::Get(context, catalog);
		TableScanState scan;
		entry.GetStorage().InitializeScan(context, transaction, scan, indexes);
		auto rows = make_uniq<ColumnDataCollection>(context, types);
		DataChunk chunk;
		chunk.Initialize(context, types);
		while (true) {
			chunk.Reset();
			entry.GetStorage().Scan(transaction, chunk, scan);
			if (chunk.size() == 0) {
				return rows;
			}
			rows->Append(chunk);
		}
	});
}

} // namespace cocosql
