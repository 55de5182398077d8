//! coco_fetch(<query for row ids>, database, schema, table, columns): the rows of a table with these row ids.
//!
//! A join by row id reads whole columns; this reads the rows. Row ids must be those of the same transaction, and it must
//! keep checkpoints from moving them.
#pragma once

#include "duckdb/function/table_function.hpp"

namespace cocosql {

duckdb::TableFunction FetchFunction();

} // namespace cocosql
