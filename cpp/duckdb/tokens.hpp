//! The tokens of a text, by DuckDB's own tokenizer.
#pragma once

#include "duckdb/common/typedefs.hpp"

#include <string>
#include <vector>

namespace duckdb {
enum class TokenType;
}

namespace cocosql {

//! A WORD is a keyword or an identifier, with its quotes. An END ends a statement.
enum class TokenKind { WORD, STRING, NUMBER, OTHER, END };

TokenKind KindOf(duckdb::TokenType type);

struct Token {
	//! As it stands in the text.
	std::string text;
	TokenKind kind;
	duckdb::idx_t offset;
};

//! The last is an END.
std::vector<Token> Tokenize(const std::string &text);

} // namespace cocosql
