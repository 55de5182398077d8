//! CREATE [OR REPLACE] SOURCE name WITH (…); CREATE [OR REPLACE] SINK name FROM view WITH (…)
#include "statements/statement.hpp"

namespace cocosql {

namespace {

bool ClaimsSource(const TokenCursor &cursor) {
	return cursor.Sees({"CREATE", "SOURCE"}) || cursor.Sees({"CREATE", "OR", "REPLACE", "SOURCE"});
}

bool ClaimsSink(const TokenCursor &cursor) {
	return cursor.Sees({"CREATE", "SINK"}) || cursor.Sees({"CREATE", "OR", "REPLACE", "SINK"});
}

void ParseSource(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"CREATE"});
	statement.or_replace = cursor.Accept({"OR", "REPLACE"});
	cursor.Expect({"SOURCE"});
	statement.names.push_back(cursor.QualifiedName("the name of the source"));
	cursor.Expect({"WITH"});
	ParseOptions(cursor, statement);
}

void ParseSink(TokenCursor &cursor, Statement &statement) {
	cursor.Expect({"CREATE"});
	statement.or_replace = cursor.Accept({"OR", "REPLACE"});
	cursor.Expect({"SINK"});
	statement.names.push_back(cursor.QualifiedName("the name of the sink"));
	cursor.Expect({"FROM"});
	statement.names.push_back(cursor.QualifiedName("the name of a view"));
	cursor.Expect({"WITH"});
	ParseOptions(cursor, statement);
}

} // namespace

StatementKind CreateSource() {
	return {"create_source", ClaimsSource, ParseSource, {}};
}

StatementKind CreateSink() {
	return {"create_sink", ClaimsSink, ParseSink, {}};
}

} // namespace cocosql
