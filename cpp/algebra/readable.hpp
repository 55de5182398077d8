//! Makes SQL that DuckDB wrote of bound expressions readable, and safe to put among other names.
#pragma once

#include "duckdb/parser/parsed_expression.hpp"

namespace cocosql {

//! Which literals are written without the type that the expression has them in. In most of SQL they get the same type
//! without; where one does not, it may be that another needs to be bare, as in arithmetic with decimals.
enum class BareLiterals { ALL, DECIMALS, NONE };

//! Built-in functions lose their qualification, operators are written as such, and parameters of lambdas get names
//! that no column has.
void MakeReadable(duckdb::unique_ptr<duckdb::ParsedExpression> &expression, BareLiterals bare);

} // namespace cocosql
