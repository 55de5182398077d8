//! Where the results of calls go.
#pragma once

#include "duckdb/common/types/uhugeint.hpp"

#include <nanobind/nanobind.h>

namespace cocosql {

class ResultSink {
public:
	virtual ~ResultSink() = default;
	//! Throws InvalidInputException if the result does not fit the function's type. Needs the GIL.
	virtual void Add(duckdb::uhugeint_t fingerprint, nanobind::handle result) = 0;
	//! Now and then; `due` if calls are so slow that each result is worth committing at once. Needs the GIL.
	virtual void FlushIfDue(bool due) = 0;
};

} // namespace cocosql
