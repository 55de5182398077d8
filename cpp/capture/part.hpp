//! coco_part(rowid BIGINT, ranges BLOB) -> BIGINT: the part of a table that a row belongs to, NULL if none of these.
//!
//! The ranges are triples of int64: first row id, the one after the last, number of the part; in ascending order.
#pragma once

#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

duckdb::ScalarFunction PartFunction();

} // namespace cocosql
