//! DuckDB's bound logical plan as nodes of a relational algebra.
#pragma once

#include "algebra/node.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/planner/logical_operator.hpp"

namespace cocosql {

//! The nodes of a plan whose types are resolved: inputs before those that use them, the root last.
std::vector<Node> ToNodes(duckdb::ClientContext &context, duckdb::LogicalOperator &plan);

} // namespace cocosql
