//! coco_unpack(blob): the fingerprints that are packed in a blob, as a list. A list of constants would be planned one
//! by one.
#pragma once

#include "duckdb/function/scalar_function.hpp"
#include "fingerprint/fingerprint_set.hpp"

namespace cocosql {

duckdb::Value Pack(const FingerprintSet &fingerprints);
duckdb::ScalarFunction UnpackFunction();

} // namespace cocosql
