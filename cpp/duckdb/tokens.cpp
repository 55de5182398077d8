#include "duckdb/tokens.hpp"

#include "duckdb/parser/peg/keyword_helper/duckdb_keyword_helper.hpp"
#include "duckdb/parser/peg/tokenizer/parser_tokenizer.hpp"

namespace cocosql {

using namespace duckdb;

vector<MatcherToken> Tokenize(const std::string &text) {
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

} // namespace cocosql
