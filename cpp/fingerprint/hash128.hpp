// A fast 128-bit non-cryptographic hash of byte strings. Fingerprints are stored, so its results must never change.
#pragma once

#include "duckdb/common/uhugeint.hpp"

#include <cstddef>
#include <cstdint>

namespace cocosql {

//! Hashes of different seeds are independent of each other
duckdb::uhugeint_t Hash128(const void *data, size_t size, uint64_t seed);

inline duckdb::uhugeint_t Hash128(const void *data, size_t size) {
	return Hash128(data, size, 0);
}

} // namespace cocosql
