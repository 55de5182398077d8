//! Runs a parsed statement: once, in execution, by the engine in cocosql/.
#pragma once

#include "duckdb/statement_hook.hpp"
#include "statements/statement.hpp"

namespace cocosql {

StatementPlan PlanExecution(const StatementKind &kind, duckdb::shared_ptr<Statement> statement);

} // namespace cocosql
