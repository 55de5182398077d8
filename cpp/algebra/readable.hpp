//! Makes SQL that DuckDB wrote of bound expressions readable, and safe to put among other names.
#pragma once

#include "duckdb/parser/parsed_expression.hpp"

namespace cocosql {

//! Built-in functions lose their qualification, operators are written as such, and parameters of lambdas get names
//! that no column has.
void MakeReadable(duckdb::unique_ptr<duckdb::ParsedExpression> &expression);

} // namespace cocosql
