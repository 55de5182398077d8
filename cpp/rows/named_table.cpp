#include "rows/named_table.hpp"

#include "duckdb/catalog/catalog.hpp"
#include "session/names.hpp"

namespace cocosql {

using namespace duckdb;

DuckTableEntry &NamedTable(ClientContext &context, const TableFunctionBindInput &input) {
	RequireEngine(context, input.table_function.GetName());
	auto &given = input.inputs;
	QualifiedName name(Identifier(given[1].ToString()), Identifier(given[2].ToString()),
	                   Identifier(given[3].ToString()));
	auto &entry = Catalog::GetEntry<TableCatalogEntry>(context, name);
	if (!entry.IsDuckTable()) {
		throw BinderException("%s is no table of DuckDB's own", given[3].ToString());
	}
	return entry.Cast<DuckTableEntry>();
}

} // namespace cocosql
