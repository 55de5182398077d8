//! coco_first_seen(fingerprint): true for the first row of a query with this fingerprint. It keeps one row for each
//! without a copy of the others, where GROUP BY would copy the other columns into its hash table.
#pragma once

#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

duckdb::ScalarFunction FirstSeenFunction();

} // namespace cocosql
