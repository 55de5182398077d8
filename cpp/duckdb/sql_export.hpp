//! Bound expressions and operators as SQL, by DuckDB's own exporter of plans.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/planner/column_binding.hpp"
#include "duckdb/planner/expression.hpp"
#include "duckdb/planner/operator/logical_get.hpp"

#include <functional>
#include <string>

namespace cocosql {

//! A column as it is to stand in the SQL.
struct SQLColumn {
	duckdb::Identifier name;
	duckdb::LogicalType type;
};

using FindSQLColumn = std::function<duckdb::optional<SQLColumn>(const duckdb::ColumnBinding &)>;

struct ExportedExpression {
	//! Null if the exporter has no SQL for the expression.
	duckdb::unique_ptr<duckdb::ParsedExpression> sql;
	std::string reason;
};

//! An expression as it stands in a SELECT, with aggregates and window functions as calls. What the exporter does not know
//! of at all it throws, as NotImplementedException or InternalException.
ExportedExpression ExportExpression(duckdb::ClientContext &context, const duckdb::Expression &expression,
                                    const FindSQLColumn &find);

//! A table function with constant arguments, as a SELECT of its columns; null if there is no SQL for it.
duckdb::unique_ptr<duckdb::SelectNode> ExportCall(duckdb::ClientContext &context, const duckdb::LogicalGet &get);

//! A plan, which has resolved types, as a query; empty if there is no SQL for it.
std::string ExportPlan(duckdb::ClientContext &context, duckdb::LogicalOperator &plan);

} // namespace cocosql
