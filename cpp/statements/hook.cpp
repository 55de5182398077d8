#include "statements/hook.hpp"

#include "duckdb/common/string_util.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/parser_extension.hpp"
#include "duckdb/tokens.hpp"
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
optional_idx WrappedStatement(const std::string &text, const vector<MatcherToken> &tokens) {
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

bool EndsStatement(const MatcherToken &token) {
	return token.type == TokenType::END_OF_INPUT || token.type == TokenType::TERMINATOR;
}

//! The words of one statement: all that parsing is given. What they say is worked out in planning, where the source
//! text is known and errors can point into it.
struct ClaimedStatement : ParserExtensionParseData {
	vector<std::string> words;

	unique_ptr<ParserExtensionParseData> Copy() const override {
		return make_uniq<ClaimedStatement>(*this);
	}
	string ToString() const override {
		return StringUtil::Join(words, " ");
	}
};

ParserExtensionParseResult Claim(ParserExtensionInfo *, const vector<SimpleToken> &simple_tokens) {
	vector<MatcherToken> tokens;
	for (auto &token : simple_tokens) {
		tokens.emplace_back(token.text, 0, token.type);
		if (EndsStatement(tokens.back())) {
			break;
		}
	}
	if (tokens.empty() || !EndsStatement(tokens.back())) {
		tokens.emplace_back(std::string(), 0, TokenType::END_OF_INPUT);
	}
	const std::string no_text;
	if (!FindKind(TokenCursor(no_text, tokens, 0)) && !WrappedStatement(no_text, tokens).IsValid()) {
		return ParserExtensionParseResult();
	}
	auto claimed = make_uniq<ClaimedStatement>();
	for (idx_t i = 0; i + 1 < tokens.size(); i++) {
		claimed->words.push_back(tokens[i].text);
	}
	auto consumed = NumericCast<int64_t>(claimed->words.size());
	ParserExtensionParseResult result(std::move(claimed));
	result.consumed_tokens = consumed;
	return result;
}

bool MatchesAt(const vector<MatcherToken> &tokens, idx_t begin, const vector<std::string> &words) {
	if (begin + words.size() >= tokens.size()) {
		return false;
	}
	for (idx_t i = 0; i < words.size(); i++) {
		if (tokens[begin + i].text != words[i]) {
			return false;
		}
	}
	return EndsStatement(tokens[begin + words.size()]);
}

//! Where the statement's words stand in the text that the client sent; a statement that occurs twice in a script says
//! the same at both places. Invalid if the client sent the statement without its text.
optional_idx Locate(const vector<MatcherToken> &tokens, const vector<std::string> &words) {
	for (idx_t begin = 0; begin < tokens.size(); begin++) {
		if ((begin == 0 || EndsStatement(tokens[begin - 1])) && MatchesAt(tokens, begin, words)) {
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

ParserExtensionPlanResult Plan(ParserExtensionInfo *, ClientContext &context,
                               unique_ptr<ParserExtensionParseData> parse_data) {
	auto &claimed = parse_data->Cast<ClaimedStatement>();
	auto text = context.GetCurrentQuery();
	auto tokens = Tokenize(text);
	auto begin = Locate(tokens, claimed.words);
	if (!begin.IsValid()) {
		text = claimed.ToString();
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
	ParserExtension extension;
	extension.parse_function = Claim;
	extension.plan_function = Plan;
	ParserExtension::Register(DBConfig::GetConfig(loader.GetDatabaseInstance()), std::move(extension));
}

} // namespace cocosql
