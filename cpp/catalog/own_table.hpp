//! The engine's own tables, which are those of the schema coco, without a query.
#pragma once

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/enums/database_modification_type.hpp"
#include "duckdb/main/client_context.hpp"

namespace cocosql {

duckdb::DuckTableEntry &OwnTable(duckdb::ClientContext &context, const std::string &database, const std::string &table);
//! The same, to be changed by the context's transaction.
duckdb::DuckTableEntry &OwnTable(duckdb::ClientContext &context, const std::string &database, const std::string &table,
                                 duckdb::DatabaseModificationType change);

} // namespace cocosql
