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
	//! After each batch; `due` if it took long enough to be worth committing at once. Needs the GIL.
	virtual void FlushIfDue(bool due) = 0;
};

} // namespace cocosql
