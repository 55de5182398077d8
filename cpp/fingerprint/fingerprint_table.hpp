//! A set of fingerprints that only grows: less work for each than std::unordered_set, which allocates.
#pragma once

#include "duckdb/common/types/uhugeint.hpp"

#include <utility>
#include <vector>

namespace cocosql {

//! A set of fingerprints: linear probing in a table of a power of two. Fingerprints are hashes already.
class FingerprintTable {
public:
	//! Whether the fingerprint is new.
	bool Insert(duckdb::uhugeint_t fingerprint) {
		if (fingerprint == duckdb::uhugeint_t(0)) {
			return !std::exchange(has_zero, true);
		}
		if ((count + 1) * 4 > slots.size() * 3) {
			Grow();
		}
		auto &slot = Find(fingerprint);
		if (slot == fingerprint) {
			return false;
		}
		slot = fingerprint;
		count++;
		return true;
	}

private:
	duckdb::uhugeint_t &Find(duckdb::uhugeint_t fingerprint) {
		auto mask = slots.size() - 1;
		for (auto i = fingerprint.lower & mask;; i = (i + 1) & mask) {
			if (slots[i] == fingerprint || slots[i] == duckdb::uhugeint_t(0)) {
				return slots[i];
			}
		}
	}

	void Grow() {
		auto old = std::exchange(slots, std::vector<duckdb::uhugeint_t>(slots.size() * 2, duckdb::uhugeint_t(0)));
		for (auto &fingerprint : old) {
			if (fingerprint != duckdb::uhugeint_t(0)) {
				Find(fingerprint) = fingerprint;
			}
		}
	}

	//! Zero is an empty slot.
	std::vector<duckdb::uhugeint_t> slots = std::vector<duckdb::uhugeint_t>(64, duckdb::uhugeint_t(0));
	size_t count = 0;
	bool has_zero = false;
};

} // namespace cocosql
