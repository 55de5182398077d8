//! SHOW INCREMENTAL VIEWS; EXPLAIN INCREMENTAL VIEW name
#include "statements/statement.hpp"

namespace cocosql {

using duckdb::LogicalTypeId;

namespace {

bool ClaimsShow(const TokenCursor &cursor) {
	return cursor.Sees({"SHOW", "INCREMENTAL"});
}

bool ClaimsExplain(const TokenCursor &cursor) {
	return cursor.Sees({"EXPLAIN", "INCREMENTAL"});
}

void ParseShow(TokenCursor &cursor, Statement &) {
	cursor.Expect({"SHOW", "INCREMENTAL", "VIEWS"});
}

void ParseExplain(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"EXPLAIN", "INCREMENTAL", "VIEW"});
	statement.names.push_back(cursor.QualifiedName("the name of a view"));
}

} // namespace

StatementKind Show() {
	return {"show",
	        ClaimsShow,
	        ParseShow,
	        {{"database", LogicalTypeId::VARCHAR},
	         {"schema", LogicalTypeId::VARCHAR},
	         {"name", LogicalTypeId::VARCHAR},
	         {"status", LogicalTypeId::VARCHAR},
	         {"status_reason", LogicalTypeId::VARCHAR},
	         {"version", LogicalTypeId::BIGINT},
	         {"row_count", LogicalTypeId::BIGINT},
	         {"incremental", LogicalTypeId::BOOLEAN},
	         {"last_refreshed", LogicalTypeId::TIMESTAMP_TZ}},
	        true};
}

StatementKind Explain() {
	return {"explain",
	        ClaimsExplain,
	        ParseExplain,
	        {{"operator", LogicalTypeId::VARCHAR},
	         {"rule", LogicalTypeId::VARCHAR},
	         {"state_table", LogicalTypeId::VARCHAR},
	         {"row_count", LogicalTypeId::BIGINT},
	         {"bytes", LogicalTypeId::BIGINT},
	         {"sql", LogicalTypeId::VARCHAR}},
	        true};
}

} // namespace cocosql
