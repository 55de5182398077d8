//! Sets of fingerprints.
#pragma once

#include "duckdb/common/types/uhugeint.hpp"

#include <unordered_set>

namespace cocosql {

struct FingerprintHash {
	size_t operator()(const duckdb::uhugeint_t &fingerprint) const {
		return fingerprint.lower;
	}
};
using FingerprintSet = std::unordered_set<duckdb::uhugeint_t, FingerprintHash>;

} // namespace cocosql
