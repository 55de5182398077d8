#include "catalog/own_table.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/transactions.hpp"
#include "session/names.hpp"

namespace cocosql {

using namespace duckdb;

DuckTableEntry &OwnTable(ClientContext &context, const std::string &database, const std::string &table) {
	auto &catalog = Catalog::GetCatalog(context, Identifier(database));
	auto &entry = catalog.GetEntry(context, CatalogType::TABLE_ENTRY, OWN_SCHEMA, Identifier(table));
	if (entry.type != CatalogType::TABLE_ENTRY || !entry.Cast<TableCatalogEntry>().IsDuckTable()) {
		throw CatalogException("coco.%s of database %s is no table of DuckDB's own", table, database);
	}
	return entry.Cast<DuckTableEntry>();
}

DuckTableEntry &OwnTable(ClientContext &context, const std::string &database, const std::string &table,
                         DatabaseModificationType change) {
	auto &entry = OwnTable(context, database, table);
	auto &attached = entry.catalog.GetAttached();
	if (attached.IsReadOnly()) { // which DuckDB asks of statements only
		throw InvalidInputException("cannot write into database %s, which is attached in read-only mode", database);
	}
	DeclareChange(context, attached, change);
	return entry;
}

} // namespace cocosql
