//! The table that the arguments of a table function name: a query, database, schema, table.
#pragma once

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/function/table_function.hpp"

namespace cocosql {

//! Throws if it is none, or one that another system keeps.
duckdb::DuckTableEntry &NamedTable(duckdb::ClientContext &context, const duckdb::TableFunctionBindInput &input);

} // namespace cocosql
