//! Runs a parsed statement: once, in execution, by the engine in cocosql/.
#pragma once

#include "duckdb/parser/parser_extension.hpp"
#include "statements/statement.hpp"

namespace cocosql {

duckdb::ParserExtensionPlanResult PlanExecution(const StatementKind &kind, duckdb::shared_ptr<Statement> statement);

} // namespace cocosql
