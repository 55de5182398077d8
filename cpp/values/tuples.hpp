//! Rows as Python's tuples.
#pragma once

#include "duckdb/common/types/data_chunk.hpp"

#include <nanobind/nanobind.h>

namespace cocosql {

//! Appends a tuple for each row. Needs the GIL.
void AppendTuples(nanobind::list &rows, const duckdb::DataChunk &chunk);

} // namespace cocosql
