//! ( name = literal, … )
#include "statements/statement.hpp"

#include "duckdb/common/string_util.hpp"

namespace cocosql {

void ParseOptions(TokenCursor &cursor, Statement &statement) {
	cursor.ExpectSymbol("(");
	do {
		auto name = duckdb::StringUtil::Lower(cursor.Identifier("an option"));
		for (auto &option : statement.options) {
			if (option.first == name) {
				cursor.Fail("option " + name + " is given twice");
			}
		}
		cursor.ExpectSymbol("=");
		statement.options.emplace_back(name, cursor.Literal("a string, number or boolean"));
	} while (cursor.AcceptSymbol(","));
	cursor.ExpectSymbol(")");
}

} // namespace cocosql
