#include "catalog/catalog.hpp"

#include "catalog/find_table.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/stored_row_groups.hpp"
#include "duckdb/stored_table.hpp"
#include "session/names.hpp"

namespace cocosql {

using namespace duckdb;

idx_t StoredRows(Session &session, const std::string &database, const std::string &schema, const std::string &table) {
	return LookUp(session, [&](ClientContext &context) {
		auto entry = FindTable(context, {Identifier(database), Identifier(schema), Identifier(table)});
		if (!entry || !entry->IsDuckTable()) {
			return idx_t(0);
		}
		auto &table = entry->Cast<DuckTableEntry>();
		return CountStored(table) + CountAdded(context, table);
	});
}

std::optional<idx_t> CountRows(Session &session, const std::string &database, const std::string &table) {
	return LookUp(session, [&](ClientContext &context) -> std::optional<idx_t> {
		auto entry = FindTable(context, {Identifier(database), Identifier(OWN_SCHEMA), Identifier(table)});
		return entry && entry->IsDuckTable() ? std::optional(CountVisible(context, entry->Cast<DuckTableEntry>()))
		                                     : std::nullopt;
	});
}

} // namespace cocosql
