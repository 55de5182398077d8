#include "duckdb/tokens.hpp"

#include "duckdb/parser/peg/keyword_helper/duckdb_keyword_helper.hpp"
#include "duckdb/parser/peg/tokenizer/parser_tokenizer.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

vector<MatcherToken> Run(const std::string &text) {
	Tokenizer tokenizer(DuckDBKeywordHelper::Instance());
#if COCOSQL_DUCKDB_NUMBER < 20001
	vector<MatcherToken> tokens;
	ParserTokenizerBehavior behavior(text, tokens);
	tokenizer.TokenizeInput(behavior);
	return tokens;
#else
	ParserTokenizerBehavior behavior(text);
	tokenizer.TokenizeInput(behavior);
	return std::move(behavior.tokens);
#endif
}

} // namespace

TokenKind KindOf(TokenType type) {
	switch (type) {
	case TokenType::STRING_LITERAL:
		return TokenKind::STRING;
	case TokenType::NUMBER_LITERAL:
		return TokenKind::NUMBER;
	case TokenType::OPERATOR:
	case TokenType::COMMENT:
		return TokenKind::OTHER;
	case TokenType::TERMINATOR:
	case TokenType::END_OF_INPUT:
		return TokenKind::END;
	default:
		// The parser may have given a word a more special type while it tried rules.
		return TokenKind::WORD;
	}
}

std::vector<Token> Tokenize(const std::string &text) {
	std::vector<Token> tokens;
	for (auto &token : Run(text)) {
		auto offset = token.type == TokenType::END_OF_INPUT ? text.size() : token.offset;
		tokens.push_back({std::move(token.text), KindOf(token.type), offset});
	}
	if (tokens.empty() || tokens.back().kind != TokenKind::END) {
		tokens.push_back({std::string(), TokenKind::END, text.size()});
	}
	return tokens;
}

} // namespace cocosql
