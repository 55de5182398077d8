//! Table functions that stand for a query.
#pragma once

#include "duckdb/function/table_function.hpp"

#include <string>

namespace cocosql {

//! What a table function that stands for a query is bound to. Names of its caller's CTEs and columns mean nothing in it.
duckdb::unique_ptr<duckdb::LogicalOperator> BindQuery(duckdb::ClientContext &context, duckdb::TableFunctionBindInput &input,
                                                      duckdb::TableIndex index,
                                                      duckdb::vector<duckdb::Identifier> &names, const std::string &sql);

//! coco_query(sql, path): a query that a user wrote, inside of one of the engine's. Its names are looked for on the path.
duckdb::TableFunction QueryFunction();
//! coco_if_table(database, table, query, otherwise): the query if the engine has that table, else the other, which has the
//! same columns. So a table that is read by many is made only when it gets its first row.
duckdb::TableFunction IfTableFunction();

} // namespace cocosql
