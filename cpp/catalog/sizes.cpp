#include "catalog/catalog.hpp"

#include "catalog/find_table.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/catalog/catalog_entry/sequence_catalog_entry.hpp"
#include "duckdb/common/enums/database_modification_type.hpp"
#include "duckdb/storage/data_table.hpp"
#include "duckdb/transaction/duck_transaction.hpp"
#include "duckdb/transaction/meta_transaction.hpp"

namespace cocosql {

using namespace duckdb;

idx_t StoredRows(Session &session, const std::string &database, const std::string &schema, const std::string &table) {
	return LookUp(session, [&](ClientContext &context) {
		auto entry = FindTable(context, {Identifier(database), Identifier(schema), Identifier(table)});
		return entry && entry->IsDuckTable() ? entry->GetStorage().GetTotalRows() : idx_t(0);
	});
}

int64_t NextId(Session &session, const std::string &database, const std::string &sequence) {
	return LookUp(session, [&](ClientContext &context) {
		auto &catalog = Catalog::GetCatalog(context, Identifier(database));
		MetaTransaction::Get(context).ModifyDatabase(catalog.GetAttached(), DatabaseModificationType::SEQUENCE);
		auto &entry = catalog.GetEntry(context, CatalogType::SEQUENCE_ENTRY, "coco", Identifier(sequence));
		return entry.Cast<SequenceCatalogEntry>().NextValue(DuckTransaction::Get(context, catalog));
	});
}

} // namespace cocosql
