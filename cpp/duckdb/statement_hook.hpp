//! The hook by which DuckDB's parser hands over statements that it cannot read.
#pragma once

#include "duckdb/common/enums/statement_type.hpp"
#include "duckdb/function/table_function.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/tokens.hpp"

#include <string>
#include <vector>

namespace cocosql {

struct StatementPlan {
	duckdb::TableFunction function;
	duckdb::StatementReturnType returns;
};

//! A statement may be parsed twice, and planned more often than it runs.
struct StatementHook {
	//! Whether these tokens of one statement are one of ours. Where they stand in its text is not known.
	bool (*claims)(const std::vector<Token> &tokens);
	//! What runs a statement that was claimed, of which these are the words, without the END.
	StatementPlan (*plan)(duckdb::ClientContext &context, const std::vector<std::string> &words);
};

void RegisterHook(duckdb::DatabaseInstance &database, const StatementHook &hook);

} // namespace cocosql
