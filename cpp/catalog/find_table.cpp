#include "catalog/find_table.hpp"

#include "duckdb/catalog/catalog.hpp"

namespace cocosql {

using namespace duckdb;

optional_ptr<TableCatalogEntry> FindTable(ClientContext &context, const QualifiedName &name) {
	EntryLookupInfo lookup(CatalogType::TABLE_ENTRY, name);
	auto entry = Catalog::GetEntry(context, lookup, OnEntryNotFound::RETURN_NULL);
	if (!entry || entry->type != CatalogType::TABLE_ENTRY) {
		return nullptr;
	}
	return &entry->Cast<TableCatalogEntry>();
}

} // namespace cocosql
