#include "catalog/catalog.hpp"

#include "catalog/find_table.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/stored_table.hpp"

namespace cocosql {

using namespace duckdb;

idx_t StoredRows(Session &session, const std::string &database, const std::string &schema, const std::string &table) {
	return LookUp(session, [&](ClientContext &context) {
		auto entry = FindTable(context, {Identifier(database), Identifier(schema), Identifier(table)});
		return entry && entry->IsDuckTable() ? CountStored(entry->Cast<DuckTableEntry>()) : idx_t(0);
	});
}

} // namespace cocosql
