// Fingerprints of rows: 128 bits that two rows share if and only if their values are indistinguishable.
#pragma once

#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

//! Writes the fingerprint of every row of args into result (UHUGEINT)
void FingerprintRows(duckdb::DataChunk &args, duckdb::Vector &result);

//! coco_fingerprint(ANY...) -> UHUGEINT, never NULL
duckdb::ScalarFunction FingerprintFunction();

} // namespace cocosql
