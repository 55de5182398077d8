//! Where the results of calls go.
#pragma once

#include "duckdb/common/types/uhugeint.hpp"
#include "duckdb/common/types/vector.hpp"

#include <nanobind/nanobind.h>

namespace cocosql {

class ResultSink {
public:
	virtual ~ResultSink() = default;
	//! Throws InvalidInputException if the result does not fit the function's type. Needs the GIL.
	virtual void Add(duckdb::uhugeint_t fingerprint, nanobind::handle result) = 0;
	//! Results that fit, in rows. Call without the GIL.
	virtual void AddRows(const duckdb::uhugeint_t *fingerprints, duckdb::Vector &results, duckdb::idx_t count) = 0;
	//! To be called now and then; `due` if calls are so slow that each result is worth a commit. Needs the GIL.
	virtual void FlushIfDue(bool due) = 0;
};

} // namespace cocosql
