//! DROP INCREMENTAL VIEW [IF EXISTS] name [, …] [CASCADE | RESTRICT]; DROP SOURCE | SINK [IF EXISTS] name
#include "statements/statement.hpp"

namespace cocosql {

namespace {

bool ClaimsView(const TokenCursor &cursor) {
	return cursor.Sees({"DROP", "INCREMENTAL"});
}

bool ClaimsSource(const TokenCursor &cursor) {
	return cursor.Sees({"DROP", "SOURCE"});
}

bool ClaimsSink(const TokenCursor &cursor) {
	return cursor.Sees({"DROP", "SINK"});
}

void ParseView(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"DROP", "INCREMENTAL", "VIEW"});
	statement.if_exists = cursor.Accept({"IF", "EXISTS"});
	do {
		statement.names.push_back(cursor.QualifiedName("the name of a view"));
	} while (cursor.AcceptSymbol(","));
	statement.cascade = cursor.Accept({"CASCADE"});
	if (!statement.cascade) {
		cursor.Accept({"RESTRICT"});
	}
}

template <const char *WHAT>
void ParseConnector(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"DROP", WHAT});
	statement.if_exists = cursor.Accept({"IF", "EXISTS"});
	statement.names.push_back(cursor.QualifiedName("a name"));
}

constexpr char SOURCE[] = "SOURCE";
constexpr char SINK[] = "SINK";

} // namespace

StatementKind DropView() {
	return {"drop_view", ClaimsView, ParseView, {}};
}

StatementKind DropSource() {
	return {"drop_source", ClaimsSource, ParseConnector<SOURCE>, {}};
}

StatementKind DropSink() {
	return {"drop_sink", ClaimsSink, ParseConnector<SINK>, {}};
}

} // namespace cocosql
