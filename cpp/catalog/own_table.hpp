//! The engine's own tables, which are those of the schema coco, without a query.
#pragma once

#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/common/enums/database_modification_type.hpp"
#include "duckdb/main/client_context.hpp"

#include <functional>

namespace cocosql {

duckdb::DuckTableEntry &OwnTable(duckdb::ClientContext &context, const std::string &database, const std::string &table);
//! The same, to be changed by the context's transaction.
duckdb::DuckTableEntry &OwnTable(duckdb::ClientContext &context, const std::string &database, const std::string &table,
                                 duckdb::DatabaseModificationType change);

//! Hands over the rows that the context's transaction sees: these columns (one may be COLUMN_IDENTIFIER_ROW_ID), of these
//! types. `visit` may delete them.
void ScanTable(duckdb::ClientContext &context, duckdb::DuckTableEntry &table,
               const duckdb::vector<duckdb::StorageIndex> &columns, const duckdb::vector<duckdb::LogicalType> &types,
               const std::function<void(duckdb::DataChunk &)> &visit);

} // namespace cocosql
