//! coco_seek(<query for keys>, database, schema, table): the row ids under these keys in the index of the primary key.
//!
//! A join by the key reads whole columns; this follows the index. A key may be missing: rows that a transaction still sees
//! and others have deleted leave the index. A row id may be of a row that the transaction does not see.
#pragma once

#include "duckdb/function/table_function.hpp"

namespace cocosql {

duckdb::TableFunction SeekFunction();

} // namespace cocosql
