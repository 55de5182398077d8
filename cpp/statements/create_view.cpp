//! CREATE [OR REPLACE] INCREMENTAL VIEW [IF NOT EXISTS] name [(column, …)] [WITH (…)] AS query [WITH [NO] DATA]
#include "statements/statement.hpp"

namespace cocosql {

namespace {

bool Claims(const TokenCursor &cursor) {
	return cursor.Sees({"CREATE", "INCREMENTAL"}) || cursor.Sees({"CREATE", "OR", "REPLACE", "INCREMENTAL"});
}

void ParseColumns(TokenCursor &cursor, Statement &statement) {
	if (!cursor.AcceptSymbol("(")) {
		return;
	}
	do {
		statement.columns.push_back(cursor.Identifier("a column name"));
	} while (cursor.AcceptSymbol(","));
	cursor.ExpectSymbol(")");
}

void Parse(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"CREATE"});
	statement.or_replace = cursor.Accept({"OR", "REPLACE"});
	cursor.Expect({"INCREMENTAL", "VIEW"});
	statement.if_not_exists = cursor.Accept({"IF", "NOT", "EXISTS"});
	if (statement.or_replace && statement.if_not_exists) {
		cursor.Fail("OR REPLACE and IF NOT EXISTS exclude each other");
	}
	statement.names.push_back(cursor.QualifiedName("the name of the view"));
	ParseColumns(cursor, statement);
	if (cursor.Accept({"WITH"})) {
		ParseOptions(cursor, statement);
	}
	cursor.Expect({"AS"});
	statement.query_offset = cursor.Offset();
	statement.query = cursor.TextUntil({"WITH", "NO", "DATA"});
	statement.with_data = !cursor.Accept({"WITH", "NO", "DATA"});
	if (statement.query.empty()) {
		cursor.FailExpected("a query");
	}
}

} // namespace

StatementKind CreateView() {
	return {"create_view", Claims, Parse, {}};
}

} // namespace cocosql
