// Values between DuckDB's vectors and Python's objects, exact both ways. Everything here needs the GIL.
#pragma once

#include <nanobind/nanobind.h>

#include "duckdb/common/types/value.hpp"
#include "duckdb/common/types/vector.hpp"

#include <memory>

namespace cocosql {

namespace nb = nanobind;

//! Reads a vector of any type and form as Python objects. The vector must outlive it, unchanged.
class PythonReader {
public:
	explicit PythonReader(const duckdb::Vector &vector);
	PythonReader(PythonReader &&other) noexcept;
	~PythonReader();

	//! Throws duckdb::InvalidInputException for what Python cannot represent (such as an infinite date), and
	//! nb::python_error if Python fails
	nb::object operator[](duckdb::idx_t row) const;

	class Node;

private:
	std::unique_ptr<const Node> root;
};

//! Whether Python can change the objects that it gets for values of this type, or objects in them.
bool IsMutableInPython(const duckdb::LogicalType &type);

//! A copy of what PythonReader made, down to the objects that cannot change.
nb::object CopyOf(nb::handle object);

//! Writes an object into a flat vector that has capacity for the row; rows are written in increasing order, and the
//! caller sets the vector's size. Throws duckdb::InvalidInputException for an object that does not fit the vector's
//! type exactly.
void WriteObject(nb::handle object, duckdb::Vector &vector, duckdb::idx_t row);

//! The results of a batch as a list or tuple. An array of NumPy gives its rows as arrays, without an object for each
//! number in them. Throws nb::python_error for what is no sequence.
nb::object BatchItems(nb::handle result);

//! The same as WriteObject for a single value
duckdb::Value ToValue(nb::handle object, const duckdb::LogicalType &type);

//! Takes the result of a call of Python's C API; nullptr: throws the exception that the call has set
inline nb::object Checked(PyObject *object) {
	if (!object) {
		throw nb::python_error();
	}
	return nb::steal(object);
}

//! A class that conversions need, such as decimal.Decimal; each is imported once, when it is first needed
enum class PythonClass : uint8_t { DECIMAL, UUID, INTERVAL, ENUM, COUNT };
nb::handle FindClass(PythonClass which);

} // namespace cocosql
