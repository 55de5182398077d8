//! Vectors of floating-point numbers as the memo stores them: their bytes as a BLOB. DuckDB writes, compresses and joins
//! the elements of FLOAT[384] one by one, which takes three times as long as all else that becomes of a result.
#pragma once

#include "duckdb/common/types/vector.hpp"
#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

//! Whether results of this type are packed: FLOAT[], DOUBLE[], FLOAT[n], DOUBLE[n].
bool IsPacked(const duckdb::LogicalType &result);

//! Packs the rows [begin, end) into a flat vector of BLOBs from `offset` on. The rows are made flat.
void Pack(duckdb::Vector &rows, duckdb::idx_t begin, duckdb::idx_t end, duckdb::Vector &blobs, duckdb::idx_t offset);

//! coco_unpacked(stored, NULL::<type>): the result. What is stored as that type already stays as it is: memo tables of
//! earlier versions have typed columns.
duckdb::ScalarFunction UnpackedFunction();

} // namespace cocosql
