//! UPGRADE INCREMENTAL VIEWS
#include "statements/statement.hpp"

namespace cocosql {

namespace {

bool Claims(const TokenCursor &cursor) {
	return cursor.Sees({"UPGRADE", "INCREMENTAL"});
}

void Parse(TokenCursor &cursor, Statement &) {
	cursor.Expect({"UPGRADE", "INCREMENTAL", "VIEWS"});
}

} // namespace

StatementKind Upgrade() {
	return {"upgrade", Claims, Parse, {}};
}

} // namespace cocosql
