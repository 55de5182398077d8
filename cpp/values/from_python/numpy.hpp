//! Scalars and arrays of NumPy, and arrays that look like them. NumPy is not imported: without it
//! no object is of NumPy.
#pragma once

#include "values/values.hpp"

#include <string>

namespace cocosql::from_python {

bool IsNumpyArray(nb::handle object);
//! A scalar or an array.
bool IsNumpy(nb::handle object);
//! A scalar datetime64 ("M") or timedelta64 ("m").
bool IsNumpyTime(nb::handle object, const char *kind);
//! The Python object of a scalar (also of an array without dimensions); times stay as they are, NaT is None.
nb::object UnwrappedNumpy(nb::handle object);
//! The units of a datetime64 or timedelta64 in a dtype; a Misfit if it has not a whole number of them.
int64_t NumpyUnits(nb::handle object, const std::string &dtype, const duckdb::LogicalType &type);

//! An array of at least one dimension, of NumPy or of another library.
bool IsArrayLike(nb::handle object);
//! The elements of an array: Python's own objects of one dimension, and lists of arrays of more.
nb::object ElementsOf(nb::handle array);

} // namespace cocosql::from_python
