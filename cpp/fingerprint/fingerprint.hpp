// Fingerprints of rows: 128 bits that two rows share if and only if their values are indistinguishable.
#pragma once

#include "duckdb/function/scalar_function.hpp"

namespace cocosql {

//! Writes the fingerprint of every row of args into result (UHUGEINT)
void FingerprintRows(duckdb::DataChunk &args, duckdb::Vector &result);

//! coco_fingerprint(ANY...) -> UHUGEINT, never NULL
duckdb::ScalarFunction FingerprintFunction();

//! coco_digest(ANY...) -> UBIGINT, never NULL: half a fingerprint, where two given rows are compared and no more
duckdb::ScalarFunction DigestFunction();

} // namespace cocosql
