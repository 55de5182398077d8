//! Reads the words of a statement one after the other, and says where an error is.
#pragma once

#include "duckdb/common/types.hpp"
#include "duckdb/tokens.hpp"

namespace cocosql {

class TokenCursor {
public:
	//! The tokens of one statement, ended by an END.
	TokenCursor(const std::string &text, const std::vector<Token> &tokens, duckdb::idx_t begin);

	bool AtEnd() const;
	//! Whether the next tokens are these keywords.
	bool Sees(std::initializer_list<const char *> keywords) const;
	//! Consumes the keywords if the next tokens are these.
	bool Accept(std::initializer_list<const char *> keywords);
	void Expect(std::initializer_list<const char *> keywords);
	bool AcceptSymbol(const char *symbol);
	void ExpectSymbol(const char *symbol);
	std::string Identifier(const char *what);
	std::vector<std::string> QualifiedName(const char *what);
	//! What a string, number or boolean says.
	std::string Literal(const char *what);
	void ExpectEnd();
	//! The source text from here to the end, or to where `tail` begins; stops there.
	std::string TextUntil(std::initializer_list<const char *> tail);
	duckdb::idx_t Offset() const;
	[[noreturn]] void Fail(const std::string &message) const;
	[[noreturn]] void FailExpected(const std::string &what) const;

private:
	const Token &Current() const;
	bool IsWord(const Token &token, const char *keyword) const;

	const std::string &text;
	const std::vector<Token> &tokens;
	duckdb::idx_t position;
};

} // namespace cocosql
