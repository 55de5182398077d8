//! What a statement of ours says once parsed, and the kinds of statement there are.
#pragma once

#include "statements/token_cursor.hpp"

namespace cocosql {

struct Statement {
	std::vector<std::vector<std::string>> names;
	std::vector<std::string> columns;
	std::vector<std::pair<std::string, std::string>> options;
	std::vector<std::string> reset;
	std::string query;
	duckdb::idx_t query_offset = 0;
	std::string rename_to;
	bool or_replace = false;
	bool if_not_exists = false;
	bool if_exists = false;
	bool cascade = false;
	bool with_data = true;
	bool full = false;
	bool all = false;
};

struct StatementKind {
	//! How Python knows it: the module of cocosql.statements.
	const char *name;
	//! Whether the words at the cursor begin a statement of this kind.
	bool (*claims)(const TokenCursor &cursor);
	//! Parses the whole statement; throws a ParserException that points at the place.
	void (*parse)(TokenCursor &cursor, Statement &statement);
	//! The columns that it returns; none for a statement that returns no rows.
	std::vector<std::pair<const char *, duckdb::LogicalType>> columns;
	//! Whether it only reads, so that it may stand in an explicit transaction.
	bool reads_only = false;
};

StatementKind CreateView();
StatementKind AlterView();
StatementKind DropView();
StatementKind Refresh();
StatementKind Show();
StatementKind Explain();
StatementKind ExplainRefresh();
StatementKind CreateSource();
StatementKind CreateSink();
StatementKind DropSource();
StatementKind DropSink();
StatementKind Upgrade();
StatementKind Vacuum();

//! WITH (name = literal, …), without the word that leads it.
void ParseOptions(TokenCursor &cursor, Statement &statement);

} // namespace cocosql
