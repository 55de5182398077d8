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

nb::list SearchPath(ClientContext &context) {
	nb::list path;
	auto database = DatabaseManager::GetDefaultDatabase(context);
	for (auto &entry : ClientData::Get(context).catalog_search_path->Get()) {
		auto &catalog = entry.GetCatalog().empty() ? database : entry.GetCatalog();
		path.append(nb::make_tuple(catalog.GetIdentifierName(), entry.GetSchema().GetIdentifierName()));
	}
	return path;
}

//! The settings that a view is stored with, those of the session before those of the instance.
nb::dict Settings(ClientContext &context) {
	nb::dict settings;
	for (auto name : nb::module_::import_("cocosql.catalog.settings").attr("CHANGE_RESULTS")) {
		Value value;
		if (context.TryGetCurrentSetting(Identifier(nb::cast<std::string>(name)), value) && !value.IsNull()) {
			settings[name] = value.ToString();
		}
	}
	return settings;
}

nb::list TemporaryNames(ClientContext &context, const std::vector<CatalogType> &types) {
	nb::list names;
	auto &catalog = Catalog::GetCatalog(context, Identifier(TEMP_CATALOG));
	for (auto &schema : catalog.GetSchemas(context)) {
		for (auto type : types) {
			schema.get().Scan(context, type,
			                  [&](CatalogEntry &entry) { names.append(entry.name.GetIdentifierName()); });
		}
	}
	return names;
}

} // namespace

nb::dict Caller(ClientContext &context) {
	nb::dict caller;
	caller["database"] = DatabaseManager::GetDefaultDatabase(context).GetIdentifierName();
	caller["search_path"] = SearchPath(context);
	caller["settings"] = Settings(context);
	caller["temporary"] = TemporaryNames(context, {CatalogType::TABLE_ENTRY});
	caller["temporary_macros"] =
	    TemporaryNames(context, {CatalogType::SCALAR_FUNCTION_ENTRY, CatalogType::TABLE_FUNCTION_ENTRY});
	return caller;
}

} // namespace cocosql
