#include "catalog/catalog.hpp"

#include "catalog/find_table.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/catalog/catalog_entry/sequence_catalog_entry.hpp"
#include "duckdb/common/enums/database_modification_type.hpp"
#include "duckdb/stored_table.hpp"
#include "duckdb/transactions.hpp"
#include "session/names.hpp"

namespace cocosql {

using namespace duckdb;

idx_t StoredRows(Session &session, const std::string &database, const std::string &schema, const std::string &table) {
	return LookUp(session, [&](ClientContext &context) {
		auto entry = FindTable(context, {Identifier(database), Identifier(schema), Identifier(table)});
		return entry && entry->IsDuckTable() ? CountStored(entry->Cast<DuckTableEntry>()) : idx_t(0);
	});
}

int64_t NextId(Session &session, const std::string &database, const std::string &sequence) {
	return LookUp(session, [&](ClientContext &context) {
		auto &catalog = Catalog::GetCatalog(context, Identifier(database));
		DeclareChange(context, catalog.GetAttached(), DatabaseModificationType::SEQUENCE);
		auto &entry = catalog.GetEntry(context, CatalogType::SEQUENCE_ENTRY, OWN_SCHEMA, Identifier(sequence));
		return NextNumber(context, entry.Cast<SequenceCatalogEntry>());
	});
}

} // namespace cocosql
