//! Python objects of any kind: what they are, their attributes, their text, their integer.
#pragma once

#include "values/values.hpp"

#include <string>

namespace cocosql::from_python {

//! A status of Python's C API; -1: throws the exception that is set.
int CheckedStatus(int status);
bool IsTrue(nb::handle object);
bool IsInstance(nb::handle object, nb::handle type);
//! An instance of a class by its type alone, whatever its __class__ says; false if the class is invalid.
bool IsOf(nb::handle object, nb::handle cls);
//! The attribute, or an invalid object.
nb::object FindAttribute(nb::handle object, const char *name);

//! The UTF-8 of a str.
std::string TextOf(nb::handle text);
//! A str as it is; a Misfit for any other object.
nb::object AsText(nb::handle object, const duckdb::LogicalType &type);
//! The integer that an object with __index__ stands for; a bool stands for none.
nb::object IndexOf(nb::handle object, const duckdb::LogicalType &type);

//! The integer that an object stands for.
inline nb::object AsInteger(nb::handle object, const duckdb::LogicalType &type) {
	return PyLong_Check(object.ptr()) && !PyBool_Check(object.ptr()) ? nb::borrow(object) : IndexOf(object, type);
}

} // namespace cocosql::from_python
