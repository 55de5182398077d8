//! Makes SQL that DuckDB wrote of bound expressions readable, and safe to put among other names.
#pragma once

#include "duckdb/parser/parsed_expression.hpp"

namespace cocosql {

//! What is left out since binding adds it: types of literals, and casts of decimal operands to a common width. In most
//! of SQL that gives the same expression again. Where it does not, less may do.
struct Style {
	bool bare_literals;
	bool bare_decimal_literals;
	bool bare_operands;
};

constexpr Style STYLES[] = {
    {true, true, true}, {false, true, true}, {false, true, false}, {false, false, true}, {false, false, false}};

//! Built-in functions lose their qualification, operators are written as such, and parameters of lambdas get names
//! that no column has.
void MakeReadable(duckdb::unique_ptr<duckdb::ParsedExpression> &expression, Style style);

} // namespace cocosql
