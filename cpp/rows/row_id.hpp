//! coco_row_id(version): row ids for the rows that a version brings, version << 64 | number. Threads take numbers in
//! blocks, where row_number() would put all rows through one.
#pragma once

#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

duckdb::ScalarFunction RowIdFunction();

} // namespace cocosql
