//! REFRESH INCREMENTAL VIEW name [, …] [FULL] [WITH (option = value, …)]; REFRESH ALL INCREMENTAL VIEWS …, the same
#include "statements/statement.hpp"

namespace cocosql {

using duckdb::LogicalTypeId;

namespace {

bool Claims(const TokenCursor &cursor) {
	return cursor.Sees({"REFRESH"});
}

bool ClaimsExplain(const TokenCursor &cursor) {
	return cursor.Sees({"EXPLAIN", "REFRESH"});
}

void Parse(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"REFRESH"});
	statement.all = cursor.Accept({"ALL"});
	if (statement.all) {
		cursor.Expect({"INCREMENTAL", "VIEWS"});
	} else {
		cursor.Expect({"INCREMENTAL", "VIEW"});
		do {
			statement.names.push_back(cursor.QualifiedName("the name of a view"));
		} while (cursor.AcceptSymbol(","));
	}
	statement.full = cursor.Accept({"FULL"});
	if (cursor.Accept({"WITH"})) {
		ParseOptions(cursor, statement);
	}
}

void ParseExplain(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"EXPLAIN", "REFRESH", "INCREMENTAL", "VIEW"});
	statement.names.push_back(cursor.QualifiedName("the name of a view"));
}

} // namespace

StatementKind Refresh() {
	return {"refresh",
	        Claims,
	        Parse,
	        {{"view", LogicalTypeId::VARCHAR},
	         {"version", LogicalTypeId::BIGINT},
	         {"inserted", LogicalTypeId::BIGINT},
	         {"updated", LogicalTypeId::BIGINT},
	         {"deleted", LogicalTypeId::BIGINT},
	         {"calls", LogicalTypeId::BIGINT},
	         {"hits", LogicalTypeId::BIGINT},
	         {"seconds", LogicalTypeId::DOUBLE}}};
}

StatementKind ExplainRefresh() {
	return {"explain_refresh",
	        ClaimsExplain,
	        ParseExplain,
	        {{"view", LogicalTypeId::VARCHAR},
	         {"kind", LogicalTypeId::VARCHAR},
	         {"name", LogicalTypeId::VARCHAR},
	         {"rows_changed", LogicalTypeId::BIGINT},
	         {"calls", LogicalTypeId::BIGINT},
	         {"hits", LogicalTypeId::BIGINT},
	         {"depends_on", duckdb::LogicalType::LIST(duckdb::LogicalType(LogicalTypeId::VARCHAR))}},
	        true};
}

} // namespace cocosql
