//! Whether two bound expressions compute the same.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/planner/expression.hpp"

namespace cocosql {

bool IsSame(duckdb::ClientContext &context, const duckdb::Expression &left, const duckdb::Expression &right);

} // namespace cocosql
