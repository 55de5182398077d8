#include "statements/hook.hpp"

#include "duckdb/main/client_context.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/statement_hook.hpp"
#include "statements/execution.hpp"
#include "statements/statement.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

const std::vector<StatementKind> &Kinds() {
	static const std::vector<StatementKind> kinds {CreateView(),   AlterView(),    DropView(),  Refresh(),
	                                               Show(),         Explain(),      ExplainRefresh(),
	                                               CreateSource(), CreateSink(),   DropSource(), DropSink(),
	                                               Upgrade(),      Vacuum()};
	return kinds;
}

const StatementKind *FindKind(const TokenCursor &cursor) {
	for (auto &kind : Kinds()) {
		if (kind.claims(cursor)) {
			return &kind;
		}
	}
	return nullptr;
}

//! EXPLAIN and PREPARE before one of our statements come to the hook with it. Returns where ours begins.
optional_idx WrappedStatement(const std::string &text, const std::vector<Token> &tokens) {
	TokenCursor cursor(text, tokens, 0);
	if (!cursor.Sees({"EXPLAIN"}) && !cursor.Sees({"PREPARE"})) {
		return optional_idx();
	}
	constexpr idx_t LONGEST_PREFIX = 8;
	for (idx_t i = 1; i < MinValue<idx_t>(LONGEST_PREFIX, tokens.size() - 1); i++) {
		if (FindKind(TokenCursor(text, tokens, i))) {
			return i;
		}
	}
	return optional_idx();
}

//! All that parsing is told: what the words say is worked out in planning, where the source text is known and errors can
//! point into it.
bool Claims(const std::vector<Token> &tokens) {
	const std::string no_text;
	return FindKind(TokenCursor(no_text, tokens, 0)) || WrappedStatement(no_text, tokens).IsValid();
}

bool MatchesAt(const std::vector<Token> &tokens, idx_t begin, const std::vector<std::string> &words) {
	if (begin + words.size() >= tokens.size()) {
		return false;
	}
	for (idx_t i = 0; i < words.size(); i++) {
		if (tokens[begin + i].text != words[i]) {
			return false;
		}
	}
	return tokens[begin + words.size()].kind == TokenKind::END;
}

//! Where the statement's words stand in the text that the client sent; a statement that occurs twice in a script says
//! the same at both places. Invalid if the client sent the statement without its text.
optional_idx Locate(const std::vector<Token> &tokens, const std::vector<std::string> &words) {
	for (idx_t begin = 0; begin < tokens.size(); begin++) {
		if ((begin == 0 || tokens[begin - 1].kind == TokenKind::END) && MatchesAt(tokens, begin, words)) {
			return begin;
		}
	}
	return optional_idx();
}

//! DuckDB's own parser reads the query, with blanks in front so that its errors point at the right place.
void CheckQuerySyntax(ClientContext &context, const std::string &text, const Statement &statement) {
	std::string padded;
	for (idx_t i = 0; i < statement.query_offset; i++) {
		padded += text[i] == '\n' ? '\n' : ' ';
	}
	padded += statement.query;
	Parser parser(context);
	parser.ParseQuery(padded);
	QueryLocation location(statement.query_offset, statement.query.size());
	if (parser.statements.size() == 1 && parser.statements[0]->type == StatementType::MULTI_STATEMENT) {
		throw ParserException(location, "the columns of PIVOT without IN follow the data: give the values, as in "
		                                "PIVOT t ON x IN ('a', 'b') USING count(*)");
	}
	if (parser.statements.size() != 1 || parser.statements[0]->type != StatementType::SELECT_STATEMENT) {
		throw ParserException(location, "an incremental view is made of one SELECT");
	}
}

std::string Join(const std::vector<std::string> &words) {
	std::string text;
	for (auto &word : words) {
		text += (text.empty() ? "" : " ") + word;
	}
	return text;
}

StatementPlan Plan(ClientContext &context, const std::vector<std::string> &words) {
	auto text = context.GetCurrentQuery();
	auto tokens = Tokenize(text);
	auto begin = Locate(tokens, words);
	if (!begin.IsValid()) {
		text = Join(words);
		tokens = Tokenize(text);
		begin = 0;
	}
	TokenCursor cursor(text, tokens, begin.GetIndex());
	auto kind = FindKind(cursor);
	if (!kind) {
		cursor.Fail("a statement of CocoSQL cannot be prepared or explained by DuckDB; use EXPLAIN INCREMENTAL VIEW or "
		            "EXPLAIN REFRESH INCREMENTAL VIEW");
	}
	auto statement = make_shared_ptr<Statement>();
	kind->parse(cursor, *statement);
	cursor.ExpectEnd();
	if (!statement->query.empty()) {
		CheckQuerySyntax(context, text, *statement);
	}
	return PlanExecution(*kind, std::move(statement));
}

} // namespace

void RegisterStatements(ExtensionLoader &loader) {
	RegisterHook(loader.GetDatabaseInstance(), {Claims, Plan});
}

} // namespace cocosql
