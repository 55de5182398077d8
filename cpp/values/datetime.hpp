//! Python's module datetime for C++.
#pragma once

#include <nanobind/nanobind.h> // first: datetime.h needs Python.h

#include <datetime.h>

namespace cocosql {

//! The macros of datetime.h use its table without looking whether it was ever imported. The table is a static variable:
//! each file that includes this has its own.
static inline void ImportDatetime() {
	if (!PyDateTimeAPI) {
		PyDateTime_IMPORT;
		if (!PyDateTimeAPI) {
			throw nanobind::python_error();
		}
	}
}

} // namespace cocosql
