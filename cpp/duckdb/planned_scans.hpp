//! What a prepared statement reads, by its physical plan.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/main/prepared_statement.hpp"

namespace cocosql {

//! Whether DuckDB uses the statement's plan again, and all that the plan scans are results of these table functions.
bool ScansOnly(duckdb::ClientContext &context, const duckdb::PreparedStatement &statement,
               const duckdb::identifier_set_t &table_functions);

} // namespace cocosql
