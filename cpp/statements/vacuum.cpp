//! VACUUM INCREMENTAL VIEWS [WITH (retain = 'interval')]
#include "statements/statement.hpp"

namespace cocosql {

using duckdb::LogicalTypeId;

namespace {

bool Claims(const TokenCursor &cursor) {
	return cursor.Sees({"VACUUM", "INCREMENTAL"});
}

void Parse(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"VACUUM", "INCREMENTAL", "VIEWS"});
	if (cursor.Accept({"WITH"})) {
		ParseOptions(cursor, statement);
	}
}

} // namespace

StatementKind Vacuum() {
	return {"vacuum",
	        Claims,
	        Parse,
	        {{"database", LogicalTypeId::VARCHAR},
	         {"function", LogicalTypeId::VARCHAR},
	         {"code_version", LogicalTypeId::VARCHAR},
	         {"dropped", LogicalTypeId::BIGINT},
	         {"kept", LogicalTypeId::BIGINT}}};
}

} // namespace cocosql
