//! The tokens of a text, by DuckDB's own tokenizer.
#pragma once

#include "duckdb/parser/peg/matcher_token.hpp"

#include <string>

namespace cocosql {

duckdb::vector<duckdb::MatcherToken> Tokenize(const std::string &text);

} // namespace cocosql
