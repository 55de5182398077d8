//! Errors across the border between DuckDB and Python: the same class on both sides.
#pragma once

#include "duckdb/common/error_data.hpp"

#include <nanobind/nanobind.h>

namespace cocosql {

namespace nb = nanobind;

//! The DuckDB error that stands for a Python exception. Needs the GIL.
duckdb::ErrorData ToErrorData(nb::python_error &error);

//! The message of a DuckDB error. DuckDB cuts texts in messages inside of characters, and Python takes only whole ones.
//! Needs the GIL.
std::string MessageOf(const duckdb::ErrorData &error);

//! A Python string in UTF-8; half a surrogate pair, which UTF-8 does not have, is escaped. Needs the GIL.
std::string ShownText(nb::handle text);

//! Raises the Python exception (a class of the duckdb module) that stands for a DuckDB error. Needs the GIL.
[[noreturn]] void RaiseInPython(const duckdb::ErrorData &error);

//! Runs `work` with the GIL held; a Python exception leaves it as a DuckDB exception.
template <class WORK>
auto WithPython(WORK &&work) {
	nb::gil_scoped_acquire gil;
	try {
		return work();
	} catch (nb::python_error &error) {
		ToErrorData(error).Throw();
	}
}

//! Runs `work` without the GIL; a DuckDB exception leaves it as a Python exception. Needs the GIL.
template <class WORK>
auto WithoutPython(WORK &&work) {
	duckdb::ErrorData error;
	try {
		nb::gil_scoped_release release;
		return work();
	} catch (std::exception &ex) {
		error = duckdb::ErrorData(ex);
	}
	RaiseInPython(error);
}

} // namespace cocosql
