//! ALTER INCREMENTAL VIEW name SET (option = value, …) | RESET (option, …) | RENAME TO name
#include "statements/statement.hpp"

namespace cocosql {

namespace {

bool Claims(const TokenCursor &cursor) {
	return cursor.Sees({"ALTER", "INCREMENTAL"});
}

void ParseReset(TokenCursor &cursor, Statement &statement) {
	cursor.ExpectSymbol("(");
	do {
		statement.reset.push_back(cursor.Identifier("an option"));
	} while (cursor.AcceptSymbol(","));
	cursor.ExpectSymbol(")");
}

void Parse(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"ALTER", "INCREMENTAL", "VIEW"});
	statement.names.push_back(cursor.QualifiedName("the name of the view"));
	if (cursor.Accept({"SET"})) {
		ParseOptions(cursor, statement);
	} else if (cursor.Accept({"RESET"})) {
		ParseReset(cursor, statement);
	} else if (cursor.Accept({"RENAME", "TO"})) {
		statement.rename_to = cursor.Identifier("the new name");
	} else {
		cursor.FailExpected("SET, RESET or RENAME TO");
	}
}

} // namespace

StatementKind AlterView() {
	return {"alter_view", Claims, Parse, {}};
}

} // namespace cocosql
