#include "session/caller.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/database_manager.hpp"

#include <nanobind/stl/string.h>

namespace cocosql {

namespace nb = nanobind;
using namespace duckdb;

namespace {

//! Settings that change what a query returns. They are stored with a view and set for each of its refreshes.
constexpr const char *RESULT_SETTINGS[] = {"TimeZone",
                                           "Calendar",
                                           "default_collation",
                                           "default_null_order",
                                           "default_order",
                                           "integer_division",
                                           "ieee_floating_point_ops",
                                           "order_by_non_integer_literal",
                                           "scalar_subquery_error_on_multiple_rows",
                                           "old_implicit_casting",
                                           "file_search_path"};

nb::list SearchPath(ClientContext &context) {
	nb::list path;
	auto database = DatabaseManager::GetDefaultDatabase(context);
	for (auto &entry : ClientData::Get(context).catalog_search_path->Get()) {
		auto &catalog = entry.GetCatalog().empty() ? database : entry.GetCatalog();
		path.append(nb::make_tuple(catalog.GetIdentifierName(), entry.GetSchema().GetIdentifierName()));
	}
	return path;
}

nb::dict Settings(ClientContext &context) {
	nb::dict settings;
	for (auto name : RESULT_SETTINGS) {
		Value value;
		if (context.TryGetCurrentSetting(name, value) && !value.IsNull()) {
			settings[name] = value.ToString();
		}
	}
	return settings;
}

nb::list TemporaryNames(ClientContext &context) {
	nb::list names;
	auto &catalog = Catalog::GetCatalog(context, Identifier(TEMP_CATALOG));
	for (auto &schema : catalog.GetSchemas(context)) {
		schema.get().Scan(context, CatalogType::TABLE_ENTRY,
		                  [&](CatalogEntry &entry) { names.append(entry.name.GetIdentifierName()); });
	}
	return names;
}

} // namespace

nb::dict Caller(ClientContext &context) {
	nb::dict caller;
	caller["database"] = DatabaseManager::GetDefaultDatabase(context).GetIdentifierName();
	caller["search_path"] = SearchPath(context);
	caller["settings"] = Settings(context);
	caller["temporary"] = TemporaryNames(context);
	return caller;
}

} // namespace cocosql
