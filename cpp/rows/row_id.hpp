//! coco_row_id(first): row ids that count up from the first. Threads take them in blocks, where row_number() would put all
//! rows through one.
#pragma once

#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

duckdb::ScalarFunction RowIdFunction();

} // namespace cocosql
