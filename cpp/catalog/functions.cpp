#include "catalog/catalog.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/aggregate_function_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/scalar_function_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/scalar_macro_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_macro_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/window_function_catalog_entry.hpp"
#include "duckdb/function/scalar_macro_function.hpp"
#include "duckdb/function/table_macro_function.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

class Found {
public:
	Found(std::string name, std::set<FunctionKind> &kinds) : name(std::move(name)), kinds(kinds) {
	}

	void Add(CatalogEntry &entry) {
		switch (entry.type) {
		case CatalogType::SCALAR_FUNCTION_ENTRY:
			return AddOverloads(entry.Cast<ScalarFunctionCatalogEntry>(), "scalar");
		case CatalogType::AGGREGATE_FUNCTION_ENTRY:
			return AddOverloads(entry.Cast<AggregateFunctionCatalogEntry>(), "aggregate");
		case CatalogType::WINDOW_FUNCTION_ENTRY:
			return AddOverloads(entry.Cast<WindowFunctionCatalogEntry>(), "window");
		case CatalogType::MACRO_ENTRY:
			for (auto &macro : entry.Cast<ScalarMacroCatalogEntry>().macros) {
				kinds.emplace(name, "macro", macro->Cast<ScalarMacroFunction>().expression->ToString());
			}
			return;
		case CatalogType::TABLE_MACRO_ENTRY:
			for (auto &macro : entry.Cast<TableMacroCatalogEntry>().macros) {
				kinds.emplace(name, "table_macro", macro->Cast<TableMacroFunction>().query_node->ToString());
			}
			return;
		default:
			kinds.emplace(name, "table", std::nullopt);
		}
	}

private:
	template <class ENTRY>
	void AddOverloads(ENTRY &entry, const char *kind) {
		auto unstable = entry.internal ? "built-in, not consistent" : "volatile";
		for (idx_t i = 0; i < entry.functions.Size(); i++) {
			auto is_stable = entry.functions.GetFunctionByOffset(i)->GetStability() == FunctionStability::CONSISTENT;
			kinds.emplace(name, is_stable ? kind : unstable, std::nullopt);
		}
	}

	std::string name;
	std::set<FunctionKind> &kinds;
};

} // namespace

std::set<FunctionKind> FunctionKinds(Session &session, const std::vector<std::string> &names) {
	return LookUp(session, [&](ClientContext &context) {
		std::set<FunctionKind> kinds;
		for (auto &schema : Catalog::GetAllSchemas(context)) {
			auto transaction = schema.get().GetCatalogTransaction(context);
			for (auto &name : names) {
				// Macros and aggregates are among the scalar functions, table macros among the table functions.
				for (auto type : {CatalogType::SCALAR_FUNCTION_ENTRY, CatalogType::TABLE_FUNCTION_ENTRY}) {
					auto entry = schema.get().GetEntry(transaction, type, Identifier(name));
					if (entry) {
						Found(name, kinds).Add(*entry);
					}
				}
			}
		}
		return kinds;
	});
}

} // namespace cocosql
