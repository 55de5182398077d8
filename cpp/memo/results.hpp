//! Results of some argument tuples of one function, in one vector.
#pragma once

#include "duckdb/common/types/vector.hpp"
#include "fingerprint/fingerprint_set.hpp"

#include <nanobind/nanobind.h>
#include <unordered_map>
#include <vector>

namespace cocosql {

class Results {
public:
	//! Room for so many results.
	Results(const duckdb::LogicalType &type, duckdb::idx_t capacity);

	duckdb::idx_t Size() const {
		return fingerprints.size();
	}
	bool Contains(duckdb::uhugeint_t fingerprint) const {
		return rows.count(fingerprint) > 0;
	}
	//! Throws InvalidInputException if the object does not fit the type. Needs the GIL.
	void Add(duckdb::uhugeint_t fingerprint, nanobind::handle result);
	void AddNull(duckdb::uhugeint_t fingerprint);
	//! One that is there already stays.
	void Append(const duckdb::uhugeint_t *fingerprints, const duckdb::Vector &results, duckdb::idx_t count);

	//! NULL, and the results in the order in which they came.
	duckdb::Vector &Rows();
	//! The result of each fingerprint; NULL where there is none.
	void Gather(const std::vector<const duckdb::uhugeint_t *> &wanted, duckdb::Vector &target);

	//! In the order in which they came.
	std::vector<duckdb::uhugeint_t> fingerprints;

private:
	void Remember(duckdb::uhugeint_t fingerprint);
	//! The row of the next result.
	duckdb::idx_t NextRow() const {
		return fingerprints.size() + 1;
	}

	//! The first row is NULL.
	duckdb::Vector vector;
	std::unordered_map<duckdb::uhugeint_t, duckdb::idx_t, FingerprintHash> rows;
};

} // namespace cocosql
