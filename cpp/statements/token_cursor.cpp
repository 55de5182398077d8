#include "statements/token_cursor.hpp"

#include "duckdb/common/exception/parser_exception.hpp"
#include "duckdb/common/string_util.hpp"

namespace cocosql {

using namespace duckdb;

namespace {

std::string Spelled(std::initializer_list<const char *> keywords) {
	std::string result;
	for (auto keyword : keywords) {
		result += result.empty() ? keyword : std::string(" ") + keyword;
	}
	return result;
}

std::string Unquote(const std::string &quoted) {
	const std::string quote(1, quoted.front());
	return StringUtil::Replace(quoted.substr(1, quoted.size() - 2), quote + quote, quote);
}

bool IsQuoted(const Token &token) {
	return token.text.size() >= 2 && token.text.front() == '"';
}

} // namespace

TokenCursor::TokenCursor(const std::string &text, const std::vector<Token> &tokens, idx_t begin)
    : text(text), tokens(tokens), position(begin) {
}

const Token &TokenCursor::Current() const {
	return tokens[position];
}

bool TokenCursor::AtEnd() const {
	return Current().kind == TokenKind::END;
}

idx_t TokenCursor::Offset() const {
	return Current().offset;
}

bool TokenCursor::IsWord(const Token &token, const char *keyword) const {
	return token.kind == TokenKind::WORD && StringUtil::CIEquals(token.text, keyword);
}

bool TokenCursor::Sees(std::initializer_list<const char *> keywords) const {
	auto at = position;
	for (auto keyword : keywords) {
		if (at >= tokens.size() || !IsWord(tokens[at++], keyword)) {
			return false;
		}
	}
	return true;
}

bool TokenCursor::Accept(std::initializer_list<const char *> keywords) {
	if (!Sees(keywords)) {
		return false;
	}
	position += keywords.size();
	return true;
}

void TokenCursor::Expect(std::initializer_list<const char *> keywords) {
	for (auto keyword : keywords) {
		if (!Accept({keyword})) {
			FailExpected(Spelled(keywords));
		}
	}
}

bool TokenCursor::AcceptSymbol(const char *symbol) {
	if (AtEnd() || Current().text != symbol) {
		return false;
	}
	position++;
	return true;
}

void TokenCursor::ExpectSymbol(const char *symbol) {
	if (!AcceptSymbol(symbol)) {
		FailExpected(std::string("\"") + symbol + "\"");
	}
}

std::string TokenCursor::Identifier(const char *what) {
	auto &token = Current();
	if (token.kind != TokenKind::WORD) {
		FailExpected(what);
	}
	position++;
	return IsQuoted(token) ? Unquote(token.text) : token.text;
}

std::vector<std::string> TokenCursor::QualifiedName(const char *what) {
	std::vector<std::string> parts {Identifier(what)};
	while (AcceptSymbol(".")) {
		parts.push_back(Identifier(what));
	}
	if (parts.size() > 3) {
		Fail("a name has at most three parts: database.schema.name");
	}
	return parts;
}

std::string TokenCursor::Literal(const char *what) {
	if (AtEnd()) {
		FailExpected(what);
	}
	auto &token = Current();
	const bool quoted = token.kind == TokenKind::STRING && token.text.front() == '\'';
	if (!quoted && token.kind != TokenKind::NUMBER && !Sees({"TRUE"}) && !Sees({"FALSE"})) {
		FailExpected(what);
	}
	position++;
	return quoted ? Unquote(token.text) : token.text;
}

std::string TokenCursor::TextUntil(std::initializer_list<const char *> tail) {
	auto begin = Offset();
	auto end = begin;
	while (!AtEnd()) {
		if (tail.size() > 0 && Sees(tail)) {
			if (tokens[position + tail.size()].kind == TokenKind::END) {
				break;
			}
		}
		end = Current().offset + Current().text.size();
		position++;
	}
	return text.substr(begin, end - begin);
}

void TokenCursor::ExpectEnd() {
	if (!AtEnd()) {
		FailExpected("the end of the statement");
	}
}

void TokenCursor::Fail(const std::string &message) const {
	auto length = AtEnd() ? 0 : Current().text.size();
	throw ParserException(QueryLocation(Offset(), length), "%s", message);
}

void TokenCursor::FailExpected(const std::string &what) const {
	auto found = AtEnd() ? std::string("end of statement") : "\"" + Current().text + "\"";
	Fail("syntax error at " + found + ": expected " + what);
}

} // namespace cocosql
