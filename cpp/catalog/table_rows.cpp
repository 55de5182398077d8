#include "catalog/catalog.hpp"

#include "catalog/own_table.hpp"
#include "duckdb/common/exception/catalog_exception.hpp"
#include "duckdb/stored_table.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

unique_ptr<ColumnDataCollection> Read(ClientContext &context, const std::string &database, const std::string &table,
                                      const std::vector<std::string> &columns) {
	auto &entry = OwnTable(context, database, table);
	StoredColumns stored;
	vector<LogicalType> types;
	for (auto &name : columns) {
		if (!entry.ColumnExists(Identifier(name))) {
			throw CatalogException("table coco.%s has no column %s", table, name);
		}
		auto &column = entry.GetColumn(Identifier(name));
		stored.push_back(column.StorageOid());
		types.push_back(column.Type());
	}
	auto rows = make_uniq<ColumnDataCollection>(context, types);
	ScanTable(context, entry, stored, [&](DataChunk &chunk) { rows->Append(chunk); });
	return rows;
}

} // namespace

std::vector<unique_ptr<ColumnDataCollection>> TableRows(Session &session, const std::string &database,
                                                        const std::vector<TableColumns> &tables) {
	return LookUp(session, [&](ClientContext &context) {
		std::vector<unique_ptr<ColumnDataCollection>> rows;
		for (auto &[table, columns] : tables) {
			rows.push_back(Read(context, database, table, columns));
		}
		return rows;
	});
}

} // namespace cocosql
